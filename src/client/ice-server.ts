import type { IceServers } from '../../gen/parley/signal/v1/session_pb.ts';

/** One STUN or TURN server (W3C WebRTC, RTCIceServer). */
export interface IceServer {
  readonly urls: string[];
  readonly username?: string;
  readonly credential?: string;
}

export function iceServersFrom(message: IceServers | undefined): readonly IceServer[] {
  return (message?.servers ?? []).map(({ urls, username, credential }) =>
    username === '' && credential === '' ? { urls } : { urls, username, credential },
  );
}
