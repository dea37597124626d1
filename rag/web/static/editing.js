// Above the input while a question is being changed.
// Given by Gradio: element, trigger, watch.

const box = () => document.querySelector("#box textarea");

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-keep]")) trigger("keep");
});
watch("value", () => {
  const field = box();
  field?.focus();
  field?.setSelectionRange(field.value.length, field.value.length);
});
