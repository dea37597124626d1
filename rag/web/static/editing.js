// Above the input while a question is being changed.
// Given by Gradio: element, trigger, watch.

const box = () => document.querySelector("#box textarea");
const line = () => element.querySelector(".editing");
let draft = ""; // what was being written before

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-act=edit]") && !line()) draft = box().value;
});
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-keep]")) trigger("keep", { draft });
});
let shown = false;
watch("value", () => {
  const field = box();
  if (line() || (shown && document.activeElement === document.body)) {
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
  shown = Boolean(line());
});
