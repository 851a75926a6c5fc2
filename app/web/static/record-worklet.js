// Hands what the microphone hears to record.js, a tenth of a second at a time.
"use strict";
class Record extends AudioWorkletProcessor {
  constructor() {
    super();
    this.kept = new Float32Array(Math.round(sampleRate / 10));
    this.count = 0;
  }

  process([input]) {
    for (const value of input[0] || []) {
      this.kept[this.count++] = value;
      if (this.count === this.kept.length) {
        this.port.postMessage(this.kept.slice());
        this.count = 0;
      }
    }
    return true;
  }
}
registerProcessor("record", Record);
