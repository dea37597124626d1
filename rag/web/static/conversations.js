// The list of conversations: a column on a wide screen, a sheet over the page on a narrow one.
// `store` stands above. Given by Gradio: element, trigger, watch.

const OPEN = "rag.open"; // what this tab shows: a reload brings it back
const COLUMN = "rag.column";
const TITLE = 40; // characters
const NAMED = 14; // characters of a title within a sentence
const UNDO = 20_000; // milliseconds

const wide = matchMedia("(min-width: 1181px)");
const fine = matchMedia("(pointer: fine)");
const root = document.documentElement;
const dialog = element.querySelector("dialog");
const find = element.querySelector(".find");
const entries = element.querySelector(".entries");
const told = element.querySelector(".told");
let current = null; // the id of the conversation on view
// It, as this page knows it: `talk`, its id on the server, and `changed` as it was kept last.
let onView = null;
let jump = null; // the number of the answer that a link leads to
let timer = 0;

const make = (name, text, attributes = {}) => {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};
const button = (text, attributes) => make("button", text, { type: "button", ...attributes });
const beside = document.body.appendChild(make("div", "", { class: "talks-beside", role: "alert" }));
const say = (text, act = "", undo = null) => {
  clearTimeout(timer);
  told.replaceChildren(...(text ? [make("span", text)] : []));
  if (!undo) return;
  const back = button(act, { class: "undo" });
  back.addEventListener("click", () => {
    say("");
    undo();
  });
  told.append(back);
  back.focus();
  timer = setTimeout(() => told.replaceChildren(), UNDO);
};

// The entries
const cut = (text, length = TITLE) => {
  const all = [...text.replace(/\s+/g, " ").trim()];
  return all.length > length ? `${all.slice(0, length).join("")}…` : all.join("");
};
const title = (talk) => cut(talk.title || talk.turns[0].question) || words("（没有题目）");
const holds = (talk, wanted) => {
  const texts = talk.turns.flatMap((turn) => [turn.question, turn.answer?.answer ?? ""]);
  const all = [talk.title, ...texts].join("\n").toLowerCase();
  return wanted.every((word) => all.includes(word));
};
const day = (time) => {
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  if (time >= midnight) return words("今天");
  return time >= midnight.setDate(midnight.getDate() - 1) ? words("昨天") : words("更早");
};
const entry = (talk) => {
  const item = make("li", "", { "data-id": talk.id });
  const name = title(talk);
  const open = button(name, { class: "name", "data-do": "open", title: name });
  if (talk.id === current) open.setAttribute("aria-current", "true");
  const tools = make("span", "", { class: "tools" });
  tools.append(
    button(words("改名"), {
      class: "quiet",
      "data-do": "rename",
      "aria-label": words("改名：{name}", { name }),
    }),
    button(words("删除"), {
      class: "quiet",
      "data-do": "remove",
      "aria-label": words("删除：{name}", { name }),
    }),
  );
  item.append(open, tools);
  return item;
};
const inEntry = (id, part) => entries.querySelector(`[data-id="${id}"] ${part}`);
const draw = () => {
  if (entries.querySelector("input")) return; // a name is being written; `rename` draws
  const { activeElement: active } = document;
  const focused = entries.contains(active) && active.closest("[data-id]")?.dataset.id;
  const sought = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map();
  for (const talk of store.all()) {
    if (!holds(talk, sought)) continue;
    const name = day(talk.changed);
    groups.set(name, [...(groups.get(name) ?? []), entry(talk)]);
  }
  const drawn = [...groups].flatMap(([name, items]) => {
    const list = make("ul", "", { "aria-label": name });
    list.append(...items);
    return [make("h3", name), list];
  });
  const none =
    store.unread || (store.all().length ? words("没有找到。") : words("还没有对话。"));
  entries.replaceChildren(...(drawn.length ? drawn : [make("p", none, { class: "none" })]));
  if (focused) inEntry(focused, `[data-do="${active.dataset.do}"]`)?.focus();
  if (store.damaged) say(words("有 {n} 段对话存坏了，已去掉。", { n: store.damaged }));
  store.damaged = 0;
};

// Opening and closing the list
const mark = () => {
  const opener = document.querySelector("[data-talks=toggle]");
  opener?.setAttribute("aria-expanded", String(dialog.open));
};
const show = () => {
  if (wide.matches) dialog.open = true; // `show()` would take the focus
  else if (!dialog.open) dialog.showModal();
  beside.textContent = "";
  draw();
  mark();
};
const cover = () => dialog.open && !wide.matches;
const toggle = () => {
  if (dialog.open) dialog.close();
  else show();
  if (wide.matches) localStorage.setItem(COLUMN, dialog.open ? "open" : "shut");
};
dialog.addEventListener("close", mark);
document.addEventListener("head", mark);
dialog.addEventListener("click", (event) => {
  if (event.target === dialog && cover()) dialog.close(); // beside it
});
wide.addEventListener("change", () => {
  dialog.close();
  if (wide.matches && localStorage.getItem(COLUMN) === "open") show();
});

// What is done with them
let wanted = null; // is being opened
const reopen = (talk) => {
  if (cover()) dialog.close();
  wanted = talk;
  trigger("reopen", talk);
};
const fresh = () => {
  if (cover()) dialog.close();
  trigger("fresh");
};
// before: `changed` of what it takes the place of, see `put`
const keep = async (talk, before) => {
  const kept = store.put(talk, before); // it is in the list at once
  draw();
  const gone = await kept;
  draw();
  if (gone > 0) store.tell(words("已满，最早的 {n} 段对话已删去。", { n: gone }));
  if (gone < 0) {
    store.tell(words("浏览器里存不下了，这一问没有保存；请开始新对话，或删去几段。"));
  }
};
const rename = (item, talk) => {
  const field = make("input", "", { type: "text", maxlength: 200, "aria-label": words("对话的名字") });
  const done = (taken, byKey) => {
    field.onblur = null;
    const name = field.value.trim();
    const latest = () => store.get(talk.id) ?? talk; // it may have got another question
    if (taken && name && name !== title(talk)) {
      store.put({ ...latest(), title: name }, latest().changed);
    }
    // the others stay: what the pointer is pressed on is to be clicked
    item.replaceWith(entry(latest()));
    if (!byKey) return;
    draw();
    inEntry(talk.id, ".name")?.focus();
  };
  field.value = talk.title || title(talk);
  field.onblur = () => done(true, false);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter takes a word of the input method
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    done(event.key === "Enter", true);
  });
  item.replaceChildren(field);
  field.select();
};
const remove = (talk) => {
  const shown = talk.id === current;
  if (shown && document.querySelector("#live .turn:is(.waiting, .running)")) {
    say(words("这段对话还在回答；请等它答完，或先停止。"));
    return;
  }
  store.remove(talk.id);
  if (shown) trigger("fresh");
  draw();
  say(words("已删除“{name}”。", { name: cut(title(talk), NAMED) }), words("撤销"), () => {
    keep(talk);
    if (shown) reopen(talk);
    inEntry(talk.id, ".name")?.focus();
  });
};
entries.addEventListener("click", (event) => {
  const act = event.target.closest("[data-do]")?.dataset.do;
  const item = event.target.closest("[data-id]");
  const talk = item && store.get(item.dataset.id);
  if (!act || !talk) return;
  if (act === "open") reopen(talk);
  if (act === "rename") rename(item, talk);
  if (act === "remove") remove(talk);
});
find.addEventListener("input", draw);

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-talks]")?.dataset.talks;
  if (control === "toggle" || control === "close") toggle();
  if (control === "fresh") fresh();
});
const lookAgain = async () => {
  if ((await store.forget()) !== false) draw();
};
for (const sign of store.signs) window.addEventListener(sign, lookAgain);
// What a store says by itself is seen without the list too; with `instead`, in the place of that.
store.tell = (text, instead = "") => {
  const offered = told.querySelector(".undo");
  if (!offered && (!instead || told.textContent === instead)) say(text);
  const seen = dialog.open && !offered;
  if (!instead || beside.textContent === instead) beside.textContent = seen ? "" : text;
};
// Another page has gone on with it: here it goes on under an id of its own, and both stay.
store.parted = (id, to) => {
  if (onView?.talk.id !== id) return;
  onView.talk = { ...onView.talk, id: to };
  enter(to);
};
for (const foot of element.querySelectorAll(".foot")) {
  foot.hidden = "login" in foot.dataset !== (store === serverStore);
}

// What the server tells
const enter = (id) => {
  current = id;
  if (id) sessionStorage.setItem(OPEN, id);
  else sessionStorage.removeItem(OPEN);
  draw();
};
const settled = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
const TOLD = {
  keep({ id, number, turn }) {
    if (onView?.session !== id) onView = { session: id, talk: { id, title: "", turns: [] } };
    const { talk, kept } = onView;
    // an edited question takes the place of its own and of all that followed
    const turns = [...talk.turns.slice(0, number - 1), turn];
    const title = store.get(talk.id)?.title ?? talk.title;
    onView.talk = { ...talk, title, turns, changed: Date.now() };
    onView.kept = onView.talk.changed;
    enter(talk.id);
    keep(onView.talk, kept);
  },
  thumb({ id, number, thumb }) {
    const judged = onView?.session === id && onView.talk.turns[number - 1];
    if (!judged) return;
    // another page may have gone on: what is kept gets the thumb, and nothing else
    const same = (turn) => turn.at === judged.at && turn.question === judged.question;
    const noted = (talk) => ({
      ...talk,
      turns: talk.turns.map((turn) => (same(turn) ? { ...turn, thumb } : turn)),
    });
    const there = store.get(onView.talk.id);
    onView.talk = noted(onView.talk);
    if (there) keep(noted(there), there.changed);
  },
  opened({ id }) {
    const talk = wanted?.id === id ? wanted : store.get(id);
    onView = { session: id, talk, kept: talk.changed };
    enter(id);
    settled(() => {
      const talk = document.getElementById("talk");
      const turn = jump && document.querySelector(`#talk [data-turn="${jump}"]`);
      if (turn) turn.scrollIntoView({ block: "start" });
      else talk.scrollTop = talk.scrollHeight;
      jump = null;
    });
  },
  fresh() {
    onView = null;
    enter(null);
    if (fine.matches && !told.contains(document.activeElement)) {
      document.querySelector("#box textarea")?.focus();
    }
  },
  damaged({ id }) {
    store.remove(id);
    enter(null);
  },
};
document.addEventListener("kept", ({ detail }) => {
  delete root.dataset.restoring;
  TOLD[detail.kind]?.(detail);
});
