// What questions are limited to: the panel opens above the input.
// Given by Gradio: element, trigger, watch.

const coarse = matchMedia("(pointer: coarse)");
const box = () => document.querySelector("#box textarea");
const opener = () => document.querySelector("[data-limit=open]");
const form = () => element.querySelector("form:not([hidden])");

const mark = () => opener()?.setAttribute("aria-expanded", String(Boolean(form())));
const close = () => {
  const panel = form();
  if (!panel) return;
  panel.hidden = true; // the next opening is drawn afresh
  mark();
  opener()?.focus();
};

watch("value", () => {
  mark();
  const panel = form();
  if (panel) {
    const wrong = panel.querySelector("[aria-invalid]");
    (wrong ?? panel.querySelector("input")).focus({ preventScroll: !wrong });
  } else if (document.activeElement === document.body) {
    // no keyboard unasked over a phone's page
    (coarse.matches ? opener() : box())?.focus();
  }
});

// Who goes on to ask means what stands in the panel.
const goOn = (event) => {
  const panel = form();
  if (!panel || panel.dataset.sent || !event.target.closest?.("#box, #send, #past, #live")) return;
  panel.dataset.sent = "true";
  panel.requestSubmit();
};
document.addEventListener("pointerdown", goOn);
document.addEventListener("focusin", goOn);

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-limit]")?.dataset.limit;
  if (control === "open") {
    if (form()) close();
    else trigger("choices");
  }
  if (control === "close") close();
  if (control === "clear") {
    for (const field of form()?.elements ?? []) if (field.name) field.value = "";
  }
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger("use", Object.fromEntries(new FormData(event.target)));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) close();
});
