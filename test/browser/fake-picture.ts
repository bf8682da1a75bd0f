import { writeFileSync } from 'node:fs';

const width = 320;
const height = 240;
const frames = 30;

/** A colour as video has it (ITU-R BT.601), and as a page sees it. */
export interface PictureColor {
  readonly yuv: readonly [y: number, u: number, v: number];
  readonly rgb: readonly [red: number, green: number, blue: number];
}

export const orange: PictureColor = { yuv: [157, 44, 195], rgb: [255, 150, 12] };
export const blue: PictureColor = { yuv: [72, 205, 98], rgb: [14, 53, 219] };

/** Writes a moving picture for a fake camera (YUV4MPEG2): one colour, over which a light bar goes. */
export function writeFakePicture(path: string, color: PictureColor): void {
  const parts: Buffer[] = [Buffer.from(`YUV4MPEG2 W${width} H${height} F15:1 Ip A1:1 C420\n`)];
  for (let frame = 0; frame < frames; frame += 1) {
    parts.push(Buffer.from('FRAME\n'), brightness(color, frame), plane(color.yuv[1]), plane(color.yuv[2]));
  }
  writeFileSync(path, Buffer.concat(parts));
}

function brightness(color: PictureColor, frame: number): Buffer {
  const luma = Buffer.alloc(width * height, color.yuv[0]);
  const barTop = Math.floor((frame * (height - 8)) / frames);
  luma.fill(220, barTop * width, (barTop + 8) * width);
  return luma;
}

function plane(value: number): Buffer {
  return Buffer.alloc((width / 2) * (height / 2), value);
}
