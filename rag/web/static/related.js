// Questions to ask next. Given by Gradio: element, trigger.

element.addEventListener("click", (event) => {
  const { question } = event.target.closest("[data-question]")?.dataset ?? {};
  if (question) trigger("example", { question });
});
