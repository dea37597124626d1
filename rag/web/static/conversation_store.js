// Where conversations are kept: in this browser, each under a key of its own, so that a damaged
// one harms no other. After a login `serverStore`, with the same functions, takes its place.

const PREFIX = "rag.talk.";
const MOST = 60; // conversations
const ROOM = 1_000_000; // characters of all, at two bytes each

// What was kept may have been altered: the list shows nothing but texts and a time.
const isWhole = (talk) =>
  /^[0-9a-f]{16}$/.test(talk?.id) &&
  typeof talk.title === "string" &&
  Number.isFinite(talk.changed) &&
  Array.isArray(talk.turns) &&
  talk.turns.length > 0 &&
  talk.turns.every((turn) => typeof turn?.question === "string");

// The same conversation under an id of its own. `store.parted` is told.
const apart = (talk) => {
  const bytes = [...crypto.getRandomValues(new Uint8Array(8))];
  const id = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  store.parted(talk.id, id);
  return { ...talk, id };
};

const browserStore = (() => {
  let known = null; // what was read, newest first
  const dropped = (key) => {
    localStorage.removeItem(key);
    browserStore.damaged += 1;
    return null;
  };
  const read = (key) => {
    try {
      const talk = JSON.parse(localStorage.getItem(key));
      return isWhole(talk) && key === PREFIX + talk.id ? talk : dropped(key);
    } catch (error) {
      console.warn(`${key}: ${error.message}`);
      return dropped(key);
    }
  };
  const size = (talk) => JSON.stringify(talk).length;
  const write = (talk) => localStorage.setItem(PREFIX + talk.id, JSON.stringify(talk));

  return {
    damaged: 0,
    unread: "", // why the list is empty, where that does not say that there is nothing
    signs: ["storage"], // events after which it may be another
    ready: Promise.resolve(),
    forget() {
      known = null;
    },
    all() {
      if (!known) {
        const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
        known = keys.map(read).filter(Boolean);
        known.sort((a, b) => b.changed - a.changed);
      }
      return known;
    },
    get(id) {
      return this.all().find((talk) => talk.id === id);
    },
    remove(id) {
      localStorage.removeItem(PREFIX + id);
      known = null;
    },
    // Keeps it in the place of the one of its id, which was changed at `before` if that is given.
    // Where it was changed since, a second page has gone on with it: this one is kept beside it.
    // How many of the oldest had to go; -1 where it cannot be kept at all.
    put(talk, before) {
      known = null;
      const there = this.get(talk.id);
      if (before && there && ![before, talk.changed].includes(there.changed)) talk = apart(talk);
      const others = this.all().filter((one) => one.id !== talk.id);
      let left = ROOM - size(talk);
      let gone = 0;
      const drop = (one) => {
        this.remove(one.id);
        gone += 1;
      };
      if (left < 0) return -1;
      const stay = others.filter((one, place) => {
        left -= size(one);
        if (place < MOST - 1 && left >= 0) return true;
        drop(one);
        return false;
      });
      known = null;
      for (;;) {
        try {
          write(talk);
          return gone;
        } catch (error) {
          if (error.name !== "QuotaExceededError") throw error;
          if (!stay.length) return -1; // other pages of this address have filled it
          drop(stay.pop());
        }
      }
    },
  };
})();
