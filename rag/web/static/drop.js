// Files dropped or chosen: read here, checked for their size, and sent one after the other.
// Given by Gradio: element, trigger, watch.

const zone = element.querySelector(".drop");
const input = zone.querySelector("input");
const sending = zone.querySelector(".sending");
const largest = Number(input.dataset.largest);
const line = [];
let first = true;
let under = false; // whether a file is under way
let total = 0;

const send = () => {
  const file = line.shift();
  under = file !== undefined;
  sending.textContent = under
    ? words("正在读第 {n} 个，共 {total} 个：{name}", { n: total - line.length, total, name: file.name })
    : "";
  zone.toggleAttribute("data-busy", under);
  if (!under) return;
  const told = { name: file.name, size: file.size, first };
  first = false;
  if (file.size > largest) {
    trigger("upload", told);
    return;
  }
  const reader = new FileReader();
  reader.onload = () => trigger("upload", { ...told, data: reader.result.split(",")[1] ?? "" });
  reader.onerror = () => trigger("upload", { ...told, size: -1 }); // a folder, or gone
  reader.readAsDataURL(file);
};
const add = (files) => {
  if (!under) {
    first = true;
    total = 0;
  }
  line.push(...files);
  total += files.length;
  if (!under) send();
};

// the shelf is drawn anew for every file that was looked at
document.addEventListener("shelf", () => {
  if (under) send();
});
input.addEventListener("change", () => {
  add([...input.files]);
  input.value = ""; // the same file may be chosen again once it is mended
});

// anywhere in the tab will do: a file dropped beside the frame must not replace the page
const here = (event) =>
  document.body.dataset.pane === "library" && event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => {
  if (!here(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  zone.dataset.over = "";
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) delete zone.dataset.over;
});
document.addEventListener("drop", (event) => {
  if (!here(event)) return;
  event.preventDefault();
  delete zone.dataset.over;
  add([...event.dataTransfer.files]);
});
