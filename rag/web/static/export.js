// The conversation as a file. Runs for the buttons that ask for it and for the part that it is
// sent to, from which the browser keeps it: no file is made on the server.
// Given by Gradio: element, trigger, watch.

element.addEventListener("click", (event) => {
  const form = event.target.closest("[data-export]")?.dataset.export;
  if (form) trigger("export", { form });
});
watch("value", () => {
  const sent = element.querySelector("[data-file]");
  if (!sent) return;
  const { file, kind, text } = sent.dataset;
  const address = URL.createObjectURL(new Blob([text], { type: `${kind};charset=utf-8` }));
  Object.assign(document.createElement("a"), { href: address, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  sent.remove();
  document.dispatchEvent(new CustomEvent("say", { detail: words("已导出：{file}", { file }) }));
});
