// A file of cases, read here and sent with the event: the server takes no uploads otherwise.
// Given by Gradio: element, trigger, watch.

element.addEventListener("change", (event) => {
  const file = event.target.files?.[0];
  if (!file) return;
  if (file.size > Number(event.target.dataset.largest)) {
    trigger("upload", { name: file.name, size: file.size });
  } else {
    const reader = new FileReader();
    reader.onload = () =>
      trigger("upload", { name: file.name, size: file.size, data: reader.result.split(",")[1] });
    reader.onerror = () => trigger("upload", { name: file.name, size: file.size });
    reader.readAsDataURL(file);
  }
  event.target.value = ""; // the same file may be chosen again once it is mended
});
