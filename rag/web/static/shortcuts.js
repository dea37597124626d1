// Keyboard shortcuts, and the sheet that lists them. None acts while something is being typed.
{
  const SETTING = "single-keys"; // "off": keys without Esc do nothing (WCAG 2.2, 2.1.4)
  const FIELD = "input, textarea, select, [contenteditable]";
  const SAME = { "？": "?", "、": "/", "【": "[", "】": "]" }; // on a Chinese keyboard
  const find = (selector) => document.querySelector(selector);
  const reading = () => document.body.dataset.pane === "main";
  const step = (by) => document.dispatchEvent(new CustomEvent("step", { detail: by }));
  const on = () => localStorage.getItem(SETTING) !== "off";

  const KEYS = {
    "/": ["写问题", () => reading() && !document.body.dataset.sheet && find("#box textarea")?.focus()],
    "[": ["上一处引文", () => reading() && step(-1)],
    "]": ["下一处引文", () => reading() && step(1)],
    s: [
      "停止回答",
      () => {
        const halt = find("#halt");
        if (reading() && halt?.checkVisibility()) halt.click();
      },
    ],
    "?": ["打开这张表", () => openSheet()],
  };
  const LEAVE = "离开输入框，不再修改；关闭卡片、原文或这张表";

  const make = (name, content, properties = {}) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...[content].flat());
    return element;
  };
  const row = (key, label) =>
    make("div", [make("dt", make("kbd", key)), make("dd", label)]);
  const makeSheet = () => {
    const title = make("h2", words("快捷键"), { id: "shortcuts-title" });
    const rows = Object.entries(KEYS).map(([key, [label]]) => row(key, words(label)));
    const choice = make("input", [], { type: "checkbox", id: "single-keys", checked: on() });
    choice.addEventListener("change", () => {
      localStorage.setItem(SETTING, choice.checked ? "on" : "off");
    });
    const close = make("button", words("关闭"), { type: "submit" });
    const form = make(
      "form",
      [
        title,
        make("dl", [...rows, row("Esc", words(LEAVE))]),
        make("label", [choice, words("使用单键快捷键（Esc 总是可用）")]),
        close,
      ],
      { method: "dialog" },
    );
    const sheet = make("dialog", form, { id: "shortcuts" });
    sheet.setAttribute("aria-labelledby", title.id);
    close.autofocus = true;
    sheet.addEventListener("click", (event) => {
      if (event.target === sheet) sheet.close(); // beside the form
    });
    sheet.addEventListener("keydown", (event) => event.stopPropagation()); // Esc closes it alone
    document.body.append(sheet);
    return sheet;
  };
  const openSheet = () => (find("#shortcuts") ?? makeSheet()).showModal();

  const leave = (field) => {
    if (field) {
      if (!field.closest("#box")) return;
      const keep = find("#editing [data-keep]"); // else the next question would replace another
      if (keep) keep.click();
      else field.blur();
      return;
    }
    // what else is open closes itself; beside the conversation the list takes the article's place
    if (!reading() || document.body.dataset.sheet || find("#limits form:not([hidden])")) return;
    const back = find("#panel .source[data-article] [data-panel=library]");
    if (!back?.checkVisibility({ visibilityProperty: true })) return;
    if (document.activeElement?.closest("#panel")) find(".answer [aria-current]")?.focus();
    back.click();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const field = event.target.closest(FIELD);
    if (event.key === "Escape") leave(field);
    const act = KEYS[SAME[event.key] ?? event.key];
    if (!act || field || !on()) return;
    event.preventDefault();
    act[1]();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) openSheet();
  });
}
