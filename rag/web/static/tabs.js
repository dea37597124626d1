// The tabs in the masthead: one pane is shown, arrow keys go from tab to tab.
// Given by Gradio: element, trigger, watch.

const sheet = document.head.appendChild(document.createElement("style"));
const tabs = () => [...element.querySelectorAll("[role=tab]")];
let shown = tabs()[0].dataset.pane;

const show = (pane) => {
  shown = pane;
  // a rule, since the panes may not stand yet when the page opens
  sheet.textContent = `.pane:not(#${pane}) { display: none !important; }`;
  document.body.dataset.pane = pane;
  for (const tab of tabs()) {
    const chosen = tab.dataset.pane === pane;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    const part = document.getElementById(tab.dataset.pane);
    part?.setAttribute("role", "tabpanel");
    part?.setAttribute("aria-labelledby", tab.id);
  }
};
show(shown);
watch("value", () => {
  show(shown);
  document.dispatchEvent(new Event("head")); // it was drawn anew
});

element.addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) show(tab.dataset.pane);
});
document.addEventListener("click", (event) => {
  const to = event.target.closest("[data-show-pane]");
  if (to) show(to.dataset.showPane);
});
element.addEventListener("keydown", (event) => {
  const all = tabs();
  const at = all.indexOf(event.target);
  const next = {
    ArrowRight: (at + 1) % all.length,
    ArrowLeft: (at + all.length - 1) % all.length,
    Home: 0,
    End: all.length - 1,
  }[event.key];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  show(all[next].dataset.pane);
  all[next].focus();
});
