// What is heard, as a picture: time from left to right, 0 to 4000 Hz from bottom to top.

const HIGHEST_HZ = 4000;
const FAINT_DB = -100;
const LOUD_DB = -20;

export class Spectrogram {
  constructor(canvas) {
    this.canvas = canvas;
    this.picture = canvas.getContext("2d", { willReadFrequently: true });
    this.running = false;
  }

  start(sound) {
    this.sound = sound;
    if (this.running) return;
    this.running = true;
    requestAnimationFrame(() => this.draw());
  }

  stop() {
    this.running = false;
  }

  draw() {
    if (!this.running) return;
    if (this.sound.spectrum) this.column(this.sound.spectrum, this.sound.context.sampleRate);
    requestAnimationFrame(() => this.draw());
  }

  column(spectrum, rate) {
    const { width, height } = this.canvas;
    const levels = new Float32Array(spectrum.frequencyBinCount);
    spectrum.getFloatFrequencyData(levels);
    this.picture.drawImage(this.canvas, -1, 0);
    for (let y = 0; y < height; y++) {
      const hertz = ((height - 1 - y) / height) * HIGHEST_HZ;
      const level = levels[Math.round((hertz / rate) * spectrum.fftSize)];
      const share = Math.max(0, Math.min(1, (level - FAINT_DB) / (LOUD_DB - FAINT_DB)));
      this.picture.fillStyle = `hsl(${240 - 200 * share} 90% ${8 + 60 * share}%)`;
      this.picture.fillRect(width - 1, y, 1, 1);
    }
  }
}
