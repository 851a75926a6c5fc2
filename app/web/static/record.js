// A greeting spoken into the microphone: what is recorded becomes the form's file, as a WAVE file, and is
// sent by the form's own button. Without this, or a microphone, a file is chosen.
"use strict";
(() => {
  const LONGEST_S = 60;

  function wave(pieces, rate) {
    const count = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const view = new DataView(new ArrayBuffer(44 + 2 * count));
    const text = (at, word) => [...word].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
    text(0, "RIFF");
    view.setUint32(4, 36 + 2 * count, true);
    text(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, rate, true);
    view.setUint32(28, 2 * rate, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    text(36, "data");
    view.setUint32(40, 2 * count, true);
    let at = 44;
    for (const piece of pieces) {
      for (const value of piece) {
        view.setInt16(at, Math.max(-1, Math.min(1, value)) * 32767, true);
        at += 2;
      }
    }
    return new File([view], "greeting.wav", { type: "audio/wav" });
  }

  async function record(place, said) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    const context = new AudioContext();
    await context.audioWorklet.addModule(place.dataset.worklet);
    const source = context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(context, "record", { numberOfOutputs: 0 });
    const pieces = [];
    let samples = 0;
    node.port.onmessage = (event) => {
      pieces.push(event.data);
      samples += event.data.length;
      said.textContent = `${Math.floor(samples / context.sampleRate)} s`;
      if (samples > (LONGEST_S - 1) * context.sampleRate) place.querySelector(".stop").click();
    };
    source.connect(node);
    return async () => {
      source.disconnect();
      for (const track of stream.getTracks()) track.stop();
      await context.close();
      return wave(pieces, context.sampleRate);
    };
  }

  for (const place of document.querySelectorAll(".record")) {
    if (!navigator.mediaDevices || !window.AudioWorkletNode) continue;
    const [start, stop, said] = [".start", ".stop", ".said"].map((name) => place.querySelector(name));
    const file = document.getElementById(place.dataset.file);
    let end = null;
    place.hidden = false;
    start.addEventListener("click", async () => {
      start.disabled = true;
      try {
        end = await record(place, said);
        stop.disabled = false;
      } catch (problem) {
        said.textContent = place.dataset.refused;
        start.disabled = false;
      }
    });
    stop.addEventListener("click", async () => {
      stop.disabled = true;
      const chosen = new DataTransfer();
      chosen.items.add(await end());
      file.files = chosen.files;
      start.disabled = false;
    });
  }
})();
