import { type Notice, problem } from './notice.ts';

/** Which devices were asked for. */
export type Devices = 'camera and microphone' | 'camera' | 'microphone';

const joinAnyway = 'You can enter without, and still see and hear the others.';

/** Words for a `getUserMedia` that failed (W3C Media Capture, section 9.2). */
export function describeMediaError(thrown: unknown, devices: Devices): Notice {
  const name = thrown instanceof Error ? thrown.name : '';
  switch (name) {
    case 'NotAllowedError':
      return problem(
        `Your ${devices} ${areOrIs(devices)} blocked`,
        `Allow the use in your browser’s address bar or settings, then try again. ${joinAnyway}`,
      );
    case 'NotFoundError':
    case 'OverconstrainedError':
      return problem(
        `No ${devices.replace(' and ', ' or ')} found`,
        `Plug one in and try again. ${joinAnyway}`,
      );
    case 'NotReadableError':
    case 'AbortError':
      return problem(
        `Your ${devices} ${areOrIs(devices)} busy`,
        `Another program seems to use it. Close that program and try again. ${joinAnyway}`,
      );
    case 'InsecureContextError':
      return problem(
        'Camera and microphone need a secure address',
        `Browsers give them only to https pages and to localhost. ${joinAnyway}`,
      );
    default:
      return problem(
        `Your ${devices} could not be started`,
        `Try again, or choose another device. ${joinAnyway}`,
      );
  }
}

function areOrIs(devices: Devices): string {
  return devices === 'camera and microphone' ? 'are' : 'is';
}
