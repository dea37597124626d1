// The chips of what questions are limited to: each is removed by a click or from the keyboard.
// Given by Gradio: element, trigger, watch.

let next = null; // where the focus goes once a chip is gone

const drop = (chip) => {
  const item = chip.closest("li");
  const beside = item.nextElementSibling ?? item.previousElementSibling;
  const name = beside?.querySelector("[data-drop]").dataset.drop;
  next = name ? `[data-drop=${name}]` : "#box textarea";
  document.querySelector("[data-limit=close]")?.click(); // its fields are no longer true
  trigger("drop", { name: chip.dataset.drop });
};
element.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-drop]");
  if (chip) drop(chip);
});
element.addEventListener("keydown", (event) => {
  const chip = event.target.closest("[data-drop]");
  if (!chip || (event.key !== "Delete" && event.key !== "Backspace")) return;
  event.preventDefault();
  drop(chip);
});
watch("value", () => {
  if (next) document.querySelector(next)?.focus();
  next = null;
});
