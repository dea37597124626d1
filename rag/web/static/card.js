// A card with the quote beside the marker that the mouse or the keyboard is on. A finger opens
// the source at once, so it gets none. The card is a popover: nothing on the page moves.
{
  const DELAY = 150; // ms before it opens, and for the pointer to cross over into it
  const EDGE = 10; // px that stay free around it
  let marker = null; // the one whose card is open
  let timer = 0;

  const cardOf = (one) => document.getElementById(one.getAttribute("aria-describedby"));
  const later = (act) => {
    clearTimeout(timer);
    timer = setTimeout(act, DELAY);
  };
  const hide = () => {
    clearTimeout(timer);
    const card = marker && cardOf(marker);
    if (card?.matches(":popover-open")) card.hidePopover();
    marker = null;
  };
  const put = (card) => {
    const at = marker.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = card;
    const below = at.bottom + EDGE / 2;
    const above = at.top - EDGE / 2 - height;
    const lowest = innerHeight - EDGE - height;
    const top = below <= lowest || above < EDGE ? Math.max(EDGE, Math.min(below, lowest)) : above;
    const left = Math.max(EDGE, Math.min(at.left - 2 * EDGE, innerWidth - EDGE - width));
    card.style.translate = `${Math.round(left)}px ${Math.round(top)}px`;
  };
  const show = (one) => {
    clearTimeout(timer);
    const card = cardOf(one);
    if (one === marker || !one.isConnected || !card) return;
    hide();
    marker = one;
    card.showPopover();
    put(card);
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const one = event.target.closest("button.cite");
    if (one) later(() => show(one));
    else if (event.target.closest(".card")) clearTimeout(timer);
    else later(hide);
  });
  document.documentElement.addEventListener("pointerleave", () => later(hide));
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("button.cite:focus-visible")) show(event.target);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target === marker) later(hide);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("button.cite")) hide(); // the source says more
  });
  addEventListener("resize", hide);
  document.addEventListener(
    "scroll",
    (event) => {
      const card = marker && cardOf(marker);
      if (!card || event.target === card) return;
      const { top, bottom } = marker.getBoundingClientRect();
      const view = marker.closest("#talk").getBoundingClientRect();
      if (bottom < view.top || top > view.bottom) hide();
      else put(card);
    },
    { capture: true, passive: true },
  );
  // before all others: one press closes one thing
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !marker) return;
      event.stopPropagation();
      hide();
    },
    true,
  );
}
