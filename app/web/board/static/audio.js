// The microphone and the earpiece of whoever operates the board; runs in the AudioWorklet.
// Sound goes to and comes from the page as Int16Array of 8 kHz, 10 ms each.

import { Resampler } from "./resampler.js";

const LINE_HZ = 8000;
const PERIOD = 80;
const PREFILL_S = 0.02;  // gathered before the first is heard: so late may a later one be
const MOST_S = 0.08;     // of more that waits the oldest is dropped
const MARGIN_S = 0.01;   // may wait for ever when the next comes
const LOOK_S = 0.5;      // after so long what has waited all the time is dropped

class Mouth extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, LINE_HZ);
    this.period = new Int16Array(PERIOD);
    this.filled = 0;
    this.loudest = 0;
  }

  process([input]) {
    if (input.length === 0) return true;
    for (const value of this.resampler.push(input[0])) {
      const size = Math.min(1, Math.abs(value));
      this.loudest = Math.max(this.loudest, size);
      this.period[this.filled++] = Math.round(Math.sign(value) * size * 32767);
      if (this.filled === PERIOD) this.tell();
    }
    return true;
  }

  tell() {
    const sound = this.period.buffer;
    this.port.postMessage({ sound, level: this.loudest, at: currentTime }, [sound]);
    this.period = new Int16Array(PERIOD);
    this.filled = 0;
    this.loudest = 0;
  }
}

class Ear extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(LINE_HZ, sampleRate);
    this.pieces = [];
    this.waiting = 0;
    this.playing = false;
    this.least = 0;
    this.looked = 0;
    this.loudest = 0;
    this.told = 0;
    this.port.onmessage = (event) => this.take(new Int16Array(event.data));
  }

  take(samples) {
    const piece = this.resampler.push(Float32Array.from(samples, (value) => value / 32768));
    this.pieces.push(piece);
    this.waiting += piece.length;
    if (this.waiting > MOST_S * sampleRate) this.drop(this.waiting - PREFILL_S * sampleRate);
    if (!this.playing && this.waiting >= PREFILL_S * sampleRate) {
      this.playing = true;
      this.least = this.waiting;
      this.looked = currentTime;
    }
  }

  process(_, [output]) {
    const out = output[0];
    if (this.playing) this.play(out);
    for (const value of out) this.loudest = Math.max(this.loudest, Math.abs(value));
    for (const other of output.slice(1)) other.set(out);
    if (currentTime - this.told >= 0.01) {
      this.port.postMessage({ level: this.loudest, at: currentTime });
      this.told = currentTime;
      this.loudest = 0;
    }
    return true;
  }

  play(out) {
    const taken = this.drop(out.length, out);
    if (taken < out.length) this.playing = false;
    this.least = Math.min(this.least, this.waiting);
    if (currentTime - this.looked >= LOOK_S) {
      this.drop(Math.floor(this.least - MARGIN_S * sampleRate));
      this.least = this.waiting;
      this.looked = currentTime;
    }
  }

  // Take so many of the oldest samples, into `out` if there is one; how many there were.
  drop(count, out) {
    let at = 0;
    while (at < count && this.pieces.length > 0) {
      const piece = this.pieces.shift();
      const part = piece.subarray(0, count - at);
      out?.set(part, at);
      at += part.length;
      if (part.length < piece.length) this.pieces.unshift(piece.subarray(part.length));
    }
    this.waiting -= at;
    return at;
  }
}

registerProcessor("mouth", Mouth);
registerProcessor("ear", Ear);
