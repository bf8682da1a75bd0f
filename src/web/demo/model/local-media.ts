import { type Devices, describeMediaError } from './describe-media-error.ts';
import { type Notice, problem } from './notice.ts';
import { Store } from './store.ts';

/** `absent`: not there, not allowed, or not asked for yet. */
export type DeviceState = 'on' | 'off' | 'absent';

export interface LocalMediaState {
  readonly stream: MediaStream;
  readonly mic: DeviceState;
  readonly camera: DeviceState;
  /** The browser is asking the person, or starting a device. */
  readonly starting: boolean;
  readonly notice: Notice | undefined;
}

type GetUserMedia = (constraints: MediaStreamConstraints) => Promise<MediaStream>;

/** Small enough that a browser can send it to eight others at once. */
const cameraConstraints: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 24 },
  facingMode: 'user',
};
const micConstraints: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true };

/** Failures that may be those of one device while the other would do. */
const failuresOfOneDevice: ReadonlySet<string> = new Set([
  'NotFoundError',
  'NotReadableError',
  'OverconstrainedError',
  'AbortError',
]);

interface Failure {
  readonly notice: Notice;
  readonly maybeOneOnly: boolean;
}

/** The own camera and microphone. A camera that is off is released, so that its light goes out; a microphone that is off is silenced. */
export class LocalMedia {
  readonly store = new Store<LocalMediaState>(idle());
  readonly #getUserMedia: GetUserMedia;

  constructor(getUserMedia: GetUserMedia = browserGetUserMedia) {
    this.#getUserMedia = getUserMedia;
  }

  /** Asks for both devices, and takes what there is. Never rejects: what went wrong is in `notice`. */
  async start(): Promise<void> {
    await this.#whileStarting(async () => {
      const both = await this.#ask('camera and microphone', {
        audio: micConstraints,
        video: cameraConstraints,
      });
      if (both === undefined || !both.maybeOneOnly) return both?.notice;
      const mic = await this.#ask('microphone', { audio: micConstraints });
      const camera = await this.#ask('camera', { video: cameraConstraints });
      return mic !== undefined && camera !== undefined ? both.notice : (mic ?? camera)?.notice;
    });
  }

  async toggleMic(): Promise<void> {
    const { mic, stream } = this.store.get();
    if (mic === 'absent') {
      await this.#whileStarting(
        async () => (await this.#ask('microphone', { audio: micConstraints }))?.notice,
      );
      return;
    }
    for (const track of stream.getAudioTracks()) track.enabled = mic === 'off';
    this.store.set({ mic: mic === 'on' ? 'off' : 'on' });
  }

  async toggleCamera(): Promise<void> {
    const { camera, stream } = this.store.get();
    if (camera !== 'on') {
      await this.#whileStarting(
        async () => (await this.#ask('camera', { video: cameraConstraints }))?.notice,
      );
      return;
    }
    release(stream, 'video');
    this.store.set({ camera: 'off', stream: new MediaStream(stream.getTracks()) });
  }

  dismissNotice(): void {
    this.store.set({ notice: undefined });
  }

  /** One question to the person at a time. */
  async #whileStarting(ask: () => Promise<Notice | undefined>): Promise<void> {
    if (this.store.get().starting) return;
    this.store.set({ starting: true, notice: undefined });
    const notice = await ask();
    this.store.set({ starting: false, notice });
  }

  /** Undefined: it was given. */
  async #ask(devices: Devices, constraints: MediaStreamConstraints): Promise<Failure | undefined> {
    try {
      this.#take(await this.#getUserMedia(constraints));
      return undefined;
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      return { notice: describeMediaError(error, devices), maybeOneOnly: failuresOfOneDevice.has(name) };
    }
  }

  /** The new tracks in place of the old ones of their kind, in a new stream, so that those who compare streams see the change. */
  #take(taken: MediaStream): void {
    const stream = new MediaStream(this.store.get().stream.getTracks());
    for (const track of taken.getTracks()) {
      release(stream, track.kind);
      stream.addTrack(track);
      track.addEventListener('ended', () => this.#lost(track));
    }
    this.store.set({
      stream,
      ...(taken.getAudioTracks().length > 0 ? { mic: 'on' } : {}),
      ...(taken.getVideoTracks().length > 0 ? { camera: 'on' } : {}),
    });
  }

  /** A device was unplugged, or its permission taken back. `stop()` does not come here: browsers fire no event for it. */
  #lost(track: MediaStreamTrack): void {
    const stream = new MediaStream(
      this.store
        .get()
        .stream.getTracks()
        .filter((other) => other !== track),
    );
    const lost = track.kind === 'audio' ? { mic: 'absent' as const } : { camera: 'absent' as const };
    const device = track.kind === 'audio' ? 'microphone' : 'camera';
    this.store.set({
      stream,
      ...lost,
      notice: problem(`Your ${device} went away`, 'Was it unplugged? Turn it on again when it is back.'),
    });
  }
}

function idle(): LocalMediaState {
  return { stream: new MediaStream(), mic: 'absent', camera: 'absent', starting: false, notice: undefined };
}

function release(stream: MediaStream, kind: string): void {
  for (const track of stream.getTracks().filter((other) => other.kind === kind)) {
    track.stop();
    stream.removeTrack(track);
  }
}

async function browserGetUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
  // Browsers leave `mediaDevices` out on pages from an insecure address.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined)
    throw new DOMException('no media devices on an insecure address', 'InsecureContextError');
  return devices.getUserMedia(constraints);
}
