// What becomes of a page whose server cannot be reached, or no longer knows it.
// A bar says so while the connection is tried again. Afterwards the page goes on where it was,
// or opens anew where the server was started anew or an answer was cut off: the conversation is
// kept, and the question that was not answered stands in the box again, with what was being
// written.
{
  const EVERY = 2000; // milliseconds
  const PATIENCE = 10_000; // milliseconds that an answer may take
  const GATEWAY = [502, 504]; // what stands before the server answers for it
  const DRAFT = "rag.draft";
  const send = window.fetch;
  const find = (selector) => document.querySelector(selector);
  let lost = 0; // the interval in which it is tried
  let leaving = false;

  const bar = document.createElement("div");
  bar.className = "lost";
  bar.setAttribute("role", "alert");
  const show = () => {
    const remedy = navigator.onLine
      ? words("服务可能停了或正在重启；恢复后会自动接上。")
      : words("这台设备没有联网；连上后会自动接上。");
    if (bar.isConnected && bar.lastChild.textContent === remedy) return; // read out once
    const head = document.createElement("strong");
    head.textContent = words("连不上服务");
    bar.replaceChildren(head, remedy);
    document.body.append(bar);
    document.body.dataset.lost = "";
  };
  const unanswered = () => find("#live .turn:is(.running, .waiting) .question")?.textContent;

  // What the server says: the id of its start; null where it says nothing.
  const started = async () => {
    try {
      const wait = AbortSignal.timeout(PATIENCE);
      const answer = await send("/gradio_api/app_id", { cache: "no-store", signal: wait });
      if (answer.status === 401) logIn();
      return answer.ok ? (await answer.json()).app_id : null;
    } catch {
      return null; // that it fails is what was asked
    }
  };
  const known = (id) => id === window.gradio_config.app_id;
  const openAnew = () => {
    document.body.dataset.lost = "again";
    location.reload();
  };
  const look = async () => {
    const id = await started();
    if (!lost) return; // another look was faster
    if (id === null) return show(); // why may be another by now
    clearInterval(lost);
    lost = 0;
    if (!known(id) || unanswered()) return openAnew();
    delete document.body.dataset.lost;
    bar.remove();
    window.dispatchEvent(new Event("reconnected"));
    document.dispatchEvent(new CustomEvent("say", { detail: words("已重新连上。") }));
  };
  const doubt = async () => {
    if (lost || leaving) return;
    const id = await started();
    if (lost || leaving) return;
    if (id !== null) {
      if (!known(id)) openAnew();
      return;
    }
    lost = setInterval(look, EVERY);
    show();
  };

  // Gradio opens the page anew as well, and so does the reader. What the next one of this tab is
  // not to see is not kept.
  let keep = () => {
    const draft = [unanswered(), find("#box textarea")?.value].filter(Boolean).join("\n");
    if (draft) sessionStorage.setItem(DRAFT, draft);
  };
  const forget = () => {
    keep = () => {};
  };
  const logIn = () => {
    forget();
    location.assign("/login");
  };
  window.addEventListener("leave-nothing", forget);
  addEventListener("pagehide", () => {
    leaving = true;
    keep();
  });
  addEventListener("pageshow", () => {
    leaving = false;
  });
  document.addEventListener(
    "talk", // the page is drawn
    () => {
      const draft = sessionStorage.getItem(DRAFT);
      const box = find("#box textarea");
      sessionStorage.removeItem(DRAFT);
      if (!draft || !box || box.value) return;
      box.value = draft;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    },
    { once: true },
  );

  window.fetch = async (...request) => {
    try {
      const answer = await send(...request);
      // where the login has ended under an open page, its next request leads to the login
      if (answer.status === 401) logIn();
      if (GATEWAY.includes(answer.status)) doubt();
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") doubt();
      throw error;
    }
  };
  addEventListener("offline", doubt);
}
