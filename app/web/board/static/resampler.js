// Another sample rate for a stream of sound, by a windowed sinc [Smith, Digital Audio Resampling].

const CROSSINGS = 16;  // zero crossings of the sinc on each side: 2 ms of delay
const STEPS = 256;     // values of the kernel between two crossings
const PASS = 0.95;     // share of the lower rate's half that passes: 3800 Hz of 8000

const KERNEL = new Float32Array(CROSSINGS * STEPS + 2);
for (let place = 0; place <= CROSSINGS * STEPS; place++) {
  const x = place / STEPS;
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  const turn = (Math.PI * (x / CROSSINGS + 1));  // Blackman's window, its middle at x = 0
  KERNEL[place] = sinc * (0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn));
}

export class Resampler {
  // From and to in hertz.
  constructor(from, to) {
    this.step = from / to;
    this.scale = Math.min(1, to / from) * PASS;
    this.reach = Math.ceil(CROSSINGS / this.scale);
    this.held = new Float32Array(2 * this.reach);
    this.at = this.reach;
  }

  // Samples in (a Float32Array of any length), those that can be made by now out.
  push(samples) {
    const sound = new Float32Array(this.held.length + samples.length);
    sound.set(this.held);
    sound.set(samples, this.held.length);
    const last = sound.length - this.reach - 1;
    const made = new Float32Array(Math.max(0, Math.floor((last - this.at) / this.step) + 1));
    for (let number = 0; number < made.length; number++) {
      made[number] = this.sample(sound, this.at);
      this.at += this.step;
    }
    const done = Math.max(0, Math.min(Math.floor(this.at) - this.reach, sound.length));
    this.held = sound.slice(done);
    this.at -= done;
    return made;
  }

  sample(sound, at) {
    const first = Math.max(0, Math.ceil(at - this.reach + 1));
    const end = Math.min(sound.length, Math.floor(at + this.reach));
    let sum = 0;
    for (let place = first; place < end; place++) {
      const x = Math.abs(place - at) * this.scale * STEPS;
      const step = Math.floor(x);
      if (step < CROSSINGS * STEPS) {
        const part = x - step;
        sum += sound[place] * (KERNEL[step] + part * (KERNEL[step + 1] - KERNEL[step]));
      }
    }
    return sum * this.scale;
  }
}
