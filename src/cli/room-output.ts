import { styleText } from 'node:util';
import { toJsonString } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { describeEvent, type NameOf } from './describe-event.ts';

/** Where `parley join` writes what it sees. */
export interface RoomOutput {
  /** Something of the connection or the room that is no event of it. */
  status(what: string, details: string): void;
  event(event: Event, nameOf: NameOf): void;
}

type Colour = 'green' | 'yellow' | 'cyan' | 'blue' | 'magenta' | 'gray';

const colours: Readonly<Record<string, Colour>> = {
  joined: 'green',
  left: 'yellow',
  closed: 'yellow',
  offer: 'cyan',
  answer: 'cyan',
  candidates: 'blue',
  signal: 'magenta',
};
const whatWidth = 12;

/** One aligned line each, on standard output; coloured where that is a terminal. */
export class LineOutput implements RoomOutput {
  status(what: string, details: string): void {
    this.#write(what, details, 'gray');
  }

  event(event: Event, nameOf: NameOf): void {
    const { what, details } = describeEvent(event, nameOf);
    this.#write(what, details, colours[what]);
  }

  #write(what: string, details: string, colour: Colour | undefined): void {
    const time = new Date().toTimeString().slice(0, 8);
    const padded = what.padEnd(whatWidth);
    const shown = colour === undefined ? padded : styleText(colour, padded);
    const line = `${styleText('gray', time)}  ${shown}  ${details}`;
    process.stdout.write(`${line.trimEnd()}\n`);
  }
}

/** Each event as one ProtoJSON object a line on standard output; the rest in words on standard error. */
export class JsonOutput implements RoomOutput {
  status(what: string, details: string): void {
    process.stderr.write(`${what}: ${details}\n`);
  }

  event(event: Event): void {
    process.stdout.write(`${toJsonString(EventSchema, event)}\n`);
  }
}
