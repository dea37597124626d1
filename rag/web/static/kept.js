// What the server tells the list of conversations. Given by Gradio: element, trigger, watch.

watch("value", () => {
  const told = element.querySelector("div[hidden]")?.textContent;
  if (told) document.dispatchEvent(new CustomEvent("kept", { detail: JSON.parse(told) }));
});
