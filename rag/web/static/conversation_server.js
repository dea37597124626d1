// Where the conversations of one who is logged in are kept: on the server, under the user's name,
// so that they are there in every browser. The same functions as `browserStore`. What is written
// is in the list at once; what the server has not taken stays there and is sent again.

const serverStore = (() => {
  const PLACE = "/conversations";
  const UNSAVED = "rag.unsaved"; // over a reload of this tab
  const PATIENCE = 30_000; // milliseconds that an answer may take
  const LIVES_ON = 60_000; // bytes that a browser goes on sending once its page is gone
  const READING = words("正在读取…");
  const UNREAD = words("没有读到以前的对话；请重新打开页面。");
  const UNSENT = words("服务器没有应答，这次改动还没有存上；请先别关，回到这一页时会再试。");
  const REFUSED = words("服务器存不下这段对话，这一问没有保存；请开始新对话。");

  const held = new Map(); // as the server has them
  // what it has not taken yet, and `changed` of what that takes the place of; a talk that is null
  // is to be deleted there
  const unsaved = new Map();
  const refused = new WeakSet(); // entries that it will never take
  let user = null; // whose they are, once they were read
  let version = ""; // of all that was read
  let last = Promise.resolve();

  // One request after the other, so that what is read never is older than what was written.
  const inTurn = (work) => {
    last = last.then(work, work);
    return last;
  };
  const failed = (error) => {
    console.warn(`${PLACE}: ${error.message}`);
    return null;
  };
  const call = (path, options) =>
    fetch(PLACE + path, {
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
      ...options,
    }).catch(failed);
  const json = async (answer) => (answer?.ok ? answer.json().catch(failed) : null);

  // Another has logged in: nothing of this page is theirs.
  const anothers = () => {
    user = null;
    window.dispatchEvent(new Event("leave-nothing"));
    location.reload();
  };
  addEventListener("pagehide", () => {
    if (user === null || !unsaved.size) return;
    try {
      sessionStorage.setItem(UNSAVED, JSON.stringify({ user, entries: [...unsaved] }));
    } catch (error) {
      console.warn(`${UNSAVED}: ${error.message}`); // larger than all that a browser keeps
    }
  });
  addEventListener("leave-nothing", () => {
    user = null;
    sessionStorage.removeItem(UNSAVED);
  });
  const takeUp = () => {
    const left = sessionStorage.getItem(UNSAVED);
    if (!left) return;
    sessionStorage.removeItem(UNSAVED);
    const { user: whose, entries } = JSON.parse(left); // only this script writes it
    if (whose !== user) return;
    for (const [id, entry] of entries) unsaved.set(id, entry);
    inTurn(write);
  };

  // Whether there is anything else than before.
  const take = async (answer) => {
    if (answer?.status === 304) return false;
    const given = await json(answer);
    if (!Array.isArray(given?.conversations)) {
      if (user === null) serverStore.unread = UNREAD;
      return user === null;
    }
    if (user !== null && user !== given.user) {
      anothers();
      return false;
    }
    const whole = given.conversations.filter(isWhole);
    const others = given.conversations.filter((talk) => !whole.includes(talk));
    for (const talk of others) unsaved.set(talk.id, { talk: null });
    serverStore.damaged += given.damaged + others.length;
    held.clear();
    for (const talk of whole) held.set(talk.id, talk);
    const first = user === null;
    [user, version] = [given.user, answer.headers.get("ETag")];
    serverStore.unread = "";
    if (first) takeUp();
    return true;
  };
  const read = async () => take(await call("", { headers: { "If-None-Match": version } }));

  const send = (id, { talk, before = "" }) => {
    const path = `/${encodeURIComponent(id)}?${new URLSearchParams({ user, before })}`;
    if (!talk) return call(path, { method: "DELETE" });
    const body = new Blob([JSON.stringify(talk)], { type: "application/json" });
    return call(path, { method: "PUT", body, keepalive: body.size < LIVES_ON });
  };
  // Send all that is to be sent; how many of the oldest had to go for it.
  const write = async () => {
    let gone = 0;
    if (user === null) await read(); // else what is not known here would be written over
    for (const [id, entry] of [...unsaved]) {
      if (refused.has(entry)) continue;
      const { talk } = entry;
      const answer = user === null ? null : await send(id, entry);
      if (answer?.status === 409) {
        anothers();
        return gone;
      }
      if (answer?.status === 412) {
        // another browser has gone on with it: it is kept beside that
        const latest = unsaved.get(id);
        unsaved.delete(id);
        if (latest?.talk) serverStore.put(apart(latest.talk));
        await read();
        continue;
      }
      if (talk && [400, 413].includes(answer?.status)) {
        refused.add(entry);
        serverStore.tell(REFUSED);
        continue;
      }
      if (!answer?.ok) {
        serverStore.tell(UNSENT);
        return gone;
      }
      if (unsaved.get(id) === entry) unsaved.delete(id);
      else if (unsaved.has(id)) unsaved.get(id).before = talk?.changed;
      if (talk) held.set(id, talk);
      else held.delete(id);
      const dropped = talk ? ((await json(answer))?.dropped ?? []) : [];
      for (const one of dropped) held.delete(one);
      gone += dropped.length;
    }
    serverStore.tell("", UNSENT); // that is over
    return gone;
  };
  const refresh = async () => {
    await write();
    return read();
  };

  return {
    damaged: 0,
    unread: READING,
    // another browser may have written meanwhile, or nothing could be sent
    signs: ["focus", "visibilitychange", "reconnected"],
    tell() {},
    // Once there is a list. Whoever is not logged in has nothing here to wait for.
    ready: window.keptConversations && inTurn(async () => take(await window.keptConversations)),
    forget() {
      return document.hidden ? false : inTurn(refresh);
    },
    all() {
      const all = new Map(held);
      for (const [id, { talk }] of unsaved) all.set(id, talk);
      const talks = [...all.values()].filter(Boolean);
      return talks.sort((a, b) => b.changed - a.changed);
    },
    get(id) {
      return this.all().find((talk) => talk.id === id);
    },
    remove(id) {
      unsaved.set(id, { talk: null });
      return inTurn(write);
    },
    put(talk, before) {
      const waiting = unsaved.get(talk.id);
      unsaved.set(talk.id, { talk, before: waiting?.talk ? waiting.before : before });
      return inTurn(write);
    },
  };
})();

const store = window.keptConversations ? serverStore : browserStore;
