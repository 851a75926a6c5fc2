// The page of the virtual board: shows what the operator's socket tells, and says what is pressed.
// drivers/models/operator.py has the commands, drivers/models/view.py what is seen.

import { Sound } from "./sound.js";
import { Spectrogram } from "./spectrogram.js";

const AGAIN_MS = 1000;
const LINES_KEPT = 200;
const FREE = ["idle", "released"];

const find = (id) => document.getElementById(id);
const hint = find("hint");
const log = find("log");
const parties = new Map();  // by label of the jack
const panel = new Map();    // the front panel's LEDs, by name
let socket = null;
let held = "";              // the party whose microphone and earpiece the page is

const sound = new Sound((octets) => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(octets);
});
const spectrogram = new Spectrogram(find("spectrum"));

// ---------------------------------------------------------------- the board

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/board/live`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    say("watch");
    if (held) hold(held);
  };
  socket.onmessage = (event) => {
    if (typeof event.data === "string") told(event.data);
    else sound.hear(event.data);
  };
  socket.onclose = () => {
    hint.textContent = hint.dataset.away;
    setTimeout(connect, AGAIN_MS);
  };
}

function say(command) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(command);
}

function order(command) {
  note(`> ${command}`);
  say(command);
}

function told(line) {
  if (line.startsWith("* ")) show(JSON.parse(line.slice(2)));
  else if (!/^ok (watching|ear|mouth)\b/.test(line)) note(line.replace(/^(ok|-) /, ""));
}

function note(text) {
  const item = document.createElement("p");
  item.textContent = text;
  log.append(item);
  while (log.children.length > LINES_KEPT) log.firstChild.remove();
  log.scrollTop = log.scrollHeight;
}

// ---------------------------------------------------------------- what is seen

function show(view) {
  for (const [name, line] of Object.entries(view.lines)) showLine(party(name, "line"), line);
  for (const [name, phone] of Object.entries(view.handsets)) showHandset(party(name, "handset"), phone);
  const phones = Object.values(view.handsets);
  const lines = Object.values(view.lines);
  showPanel(view);
  sound.ring(phones.some((phone) => phone.ringing));
  hint.textContent = hint.dataset[advice(phones, lines)];
}

function showPanel(view) {
  const lights = find("leds");
  for (const [name, shines] of Object.entries(view.leds)) {
    if (!panel.has(name)) {
      const light = document.createElement("li");
      const [lamp, state] = ["led", "unseen"].map((className) =>
        Object.assign(document.createElement("span"), { className }));
      light.append(lamp, name, " ", state);
      lights.append(light);
      panel.set(name, { lamp, state });
    }
    const { lamp, state } = panel.get(name);
    lamp.dataset.on = shines ? "on" : "";
    state.textContent = lights.dataset[shines ? "lit" : "dark"];
  }
  const buttons = find("buttons");
  if (buttons.children.length > 0) return;
  for (const name of view.buttons) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.dataset.press = name;
    buttons.append(button);
  }
}

function advice(phones, lines) {
  const has = (state) => lines.some((line) => line.state === state);
  if (!phones.some((phone) => phone.powered)) return "starting";
  if (has("calling")) return "rung";
  if (has("ringing")) return "ringing";
  if (has("talking")) return "talking";
  if (phones.some((phone) => phone.off_hook)) return "lifted";
  if (has("released")) return "after";
  return phones.some((phone) => phone.lamp) ? "message" : "idle";
}

function party(name, kind) {
  if (!parties.has(name)) parties.set(name, added(name, kind));
  return parties.get(name);
}

function added(name, kind) {
  const card = find(kind).content.cloneNode(true).firstElementChild;
  card.dataset.party = name;
  const title = card.querySelector("h2");
  title.querySelector("[data-jack]").textContent = name;
  title.id = `party-${name}`;
  card.setAttribute("aria-labelledby", title.id);
  card.addEventListener("click", (event) => pressed(card, event.target.closest("button")));
  find(`${kind}s`).append(card);
  return card;
}

function showHandset(card, phone) {
  const button = card.querySelector("[data-do=hook]");
  card.dataset.offHook = phone.off_hook ? "yes" : "";
  const word = phone.off_hook ? "hangup" : "lift";
  button.textContent = `${button.dataset[word]} ${card.dataset.party}`;
  card.classList.toggle("rings", phone.ringing);
  words(card, phone.lamp ? "lit" : "dark", phone.lamp);
  card.querySelector("[data-caller]").textContent = [phone.number, phone.name].filter(Boolean).join("  ");
  usable(card, phone.off_hook);
}

function showLine(card, line) {
  const button = card.querySelector("[data-do=call]");
  card.dataset.state = line.state;
  const word = FREE.includes(line.state) ? "call" : line.state === "calling" ? "answer" : "hangup";
  button.textContent = button.dataset[word];
  button.disabled = ["clearing", "abandoned", "dial_tone", "dialling", "busy", "refused"].includes(line.state);
  words(card, line.state, line.state === "talking");
  const outward = ["dialling", "calling", "busy", "refused"].includes(line.state);
  card.querySelector("[data-dialled]").textContent = outward ? line.dialled : "";
  for (const field of card.querySelectorAll("input")) field.disabled = word !== "call";
  usable(card, line.state === "talking");
}

function words(card, which, lit) {
  const text = card.querySelector("[data-words]");
  text.textContent = text.dataset[which] ?? which;
  card.querySelector(".led").dataset.on = lit ? "on" : "";
}

function usable(card, on) {
  for (const button of card.querySelectorAll("[data-key], [data-do=flash], [data-do=sample]")) {
    button.disabled = !on;
  }
}

// ---------------------------------------------------------------- what is pressed

function pressed(card, button) {
  if (!button) return;
  const name = card.dataset.party;
  void begin();
  if (button.dataset.key) {
    const rotary = card.querySelector("[data-rotary]")?.checked;
    order(`${rotary ? "pulse" : "dial"} ${name} ${button.dataset.key}`);
    return;
  }
  const deed = {
    hook: () => takeHook(card, name),
    call: () => takeLine(card, name),
    flash: () => order(`flash ${name}`),
    sample: () => order(`sample ${name}`),
    hold: () => hold(name),
  }[button.dataset.do];
  deed();
}

function takeHook(card, name) {
  if (card.dataset.offHook) {
    order(`hangup ${name}`);
  } else {
    hold(name);
    order(`lift ${name}`);
  }
}

function takeLine(card, name) {
  if (card.dataset.state === "calling") {
    hold(name);
    order(`lift ${name}`);
  } else if (FREE.includes(card.dataset.state)) {
    hold(name);
    order(["ring", name, ...caller(card)].join(" "));
  } else {
    order(`hangup ${name}`);
  }
}

function caller(card) {
  const number = card.querySelector("[data-number]").value.replace(/[^0-9+*#a-z]/gi, "");
  const title = card.querySelector("[data-name]").value.replace(/["\\]/g, "").trim();
  if (!number) return [];
  return title ? ["from", number, `"${title}"`] : ["from", number];
}

function hold(name) {
  held = name;
  say(`ear ${name}`);
  say(`mouth ${name}`);
  for (const [other, card] of parties) {
    card.querySelector("[data-do=hold]").setAttribute("aria-pressed", String(other === name));
    card.classList.toggle("held", other === name);
  }
}

async function begin() {
  find("microphone").hidden = await sound.start();
}

find("buttons").addEventListener("click", (event) => {
  const name = event.target.dataset.press;
  if (name) order(`press panel ${name}${find("long").checked ? " for 10s" : ""}`);
});
find("command").addEventListener("submit", (event) => {
  event.preventDefault();
  void begin();
  const typed = find("typed");
  if (typed.value.trim()) order(typed.value.trim());
  typed.value = "";
});
find("curious").addEventListener("toggle", (event) => {
  if (event.target.open) spectrogram.start(sound);
  else spectrogram.stop();
});
for (const which of ["mouth", "ear"]) {
  sound.addEventListener(which, (event) => {
    find(which).value = event.detail.level;
    find(which).dispatchEvent(new CustomEvent("sound", { detail: event.detail }));
  });
}
connect();
