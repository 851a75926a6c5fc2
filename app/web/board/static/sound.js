// Microphone, earpiece, bell and spectrum: what the page has of the browser's audio.

export class Sound extends EventTarget {
  // `say` is called with an ArrayBuffer for each 10 ms of the microphone.
  constructor(say) {
    super();
    this.say = say;
    this.context = null;
    this.starting = null;
    this.bells = null;
  }

  // Begin, at a person's click as browsers want it; false if there is no microphone.
  start() {
    this.starting ??= this.begin();
    return this.starting;
  }

  async begin() {
    this.context = new AudioContext({ latencyHint: "interactive" });
    await this.context.audioWorklet.addModule("/board/static/audio.js");
    this.ear = new AudioWorkletNode(this.context, "ear", { outputChannelCount: [1] });
    this.ear.port.onmessage = (event) => this.level("ear", event.data);
    this.spectrum = new AnalyserNode(this.context, { fftSize: 2048, smoothingTimeConstant: 0.5 });
    this.ear.connect(this.spectrum).connect(this.context.destination);
    this.makeBell();
    await this.context.resume();
    return this.listen();
  }

  async listen() {
    let microphone;
    try {
      microphone = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: true },
      });
    } catch {
      return false;  // there is none, or the person wants none: the sample sentence is there
    }
    this.microphone = microphone;
    const mouth = new AudioWorkletNode(this.context, "mouth", { numberOfOutputs: 0 });
    mouth.port.onmessage = (event) => {
      this.say(event.data.sound);
      this.level("mouth", event.data);
    };
    this.context.createMediaStreamSource(microphone).connect(mouth);
    return true;
  }

  // What the line sounds like, an ArrayBuffer of 10 ms.
  hear(sound) {
    this.ear?.port.postMessage(sound, [sound]);
  }

  ring(on) {
    this.bells?.gain.setTargetAtTime(on ? 0.15 : 0, this.context.currentTime, 0.01);
  }

  // Two bells struck twenty times a second, as on a telephone with a clapper.
  makeBell() {
    this.bells = new GainNode(this.context, { gain: 0 });
    const clapper = new GainNode(this.context, { gain: 0.5 });
    const strokes = new OscillatorNode(this.context, { frequency: 20 });
    strokes.connect(new GainNode(this.context, { gain: 0.5 })).connect(clapper.gain);
    for (const frequency of [1180, 1420]) {
      const bell = new OscillatorNode(this.context, { frequency });
      bell.connect(clapper);
      bell.start();
    }
    strokes.start();
    clapper.connect(this.bells).connect(this.context.destination);
  }

  level(which, { level, at }) {
    this.dispatchEvent(new CustomEvent(which, { detail: { level, at } }));
  }
}
