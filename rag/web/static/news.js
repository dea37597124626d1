// A notice of what came into the index: polite, over the page, gone after a while.
// Given by Gradio: element, trigger, watch.

const SHOWN = 12_000; // milliseconds
let timer = 0;

element.setAttribute("role", "status");
const hide = () => delete element.dataset.shown;
const wait = () => {
  clearTimeout(timer);
  timer = setTimeout(hide, SHOWN);
};
watch("value", () => {
  if (!element.querySelector(".toast")) return hide();
  element.dataset.shown = "";
  wait();
  document.dispatchEvent(new Event("news"));
});
element.addEventListener("pointerenter", () => clearTimeout(timer));
element.addEventListener("pointerleave", wait);
element.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (act === "show") document.getElementById("tab-library").click();
  if (act) hide();
});
