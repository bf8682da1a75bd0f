import { writeFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';

/** A person as they are painted: CSS colours. */
export interface PaintedPerson {
  readonly wall: readonly [string, string];
  readonly skin: string;
  readonly hair: string;
  readonly shirt: string;
  readonly hairStyle: 'short' | 'long' | 'bun';
}

const frames = 24;

/** Writes a moving picture of a painted person (Motion JPEG) for a fake camera. */
export async function writePaintedPerson(
  browser: Browser,
  path: string,
  person: PaintedPerson,
): Promise<void> {
  const page = await browser.newPage();
  const pictures: Buffer[] = [];
  for (let frame = 0; frame < frames; frame += 1) {
    const dataUrl = await page.evaluate(paint, { person, turn: (frame / frames) * 2 * Math.PI });
    pictures.push(Buffer.from(dataUrl.slice(dataUrl.indexOf(',') + 1), 'base64'));
  }
  await page.close();
  writeFileSync(path, Buffer.concat(pictures));
}

/** One picture, painted in the page: a person before a wall with a porthole, swaying a little. */
function paint({ person, turn }: { person: PaintedPerson; turn: number }): string {
  const canvas = document.createElement('canvas');
  canvas.width = 960;
  canvas.height = 720;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('the page cannot paint');
  const sway = Math.sin(turn) * 6;

  const wall = context.createLinearGradient(0, 0, 960, 720);
  wall.addColorStop(0, person.wall[0]);
  wall.addColorStop(1, person.wall[1]);
  context.fillStyle = wall;
  context.fillRect(0, 0, 960, 720);

  const disc = (x: number, y: number, radius: number, color: string) => {
    context.fillStyle = color;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  };
  const oval = (x: number, y: number, width: number, height: number, color: string) => {
    context.fillStyle = color;
    context.beginPath();
    context.ellipse(x, y, width, height, 0, 0, 2 * Math.PI);
    context.fill();
  };
  const box = (x: number, y: number, width: number, height: number, radius: number, color: string) => {
    context.fillStyle = color;
    context.beginPath();
    context.roundRect(x, y, width, height, radius);
    context.fill();
  };

  disc(785, 190, 118, 'rgb(255 255 255 / 0.35)');
  disc(785, 190, 98, '#cfe4f2');
  context.save();
  context.beginPath();
  context.arc(785, 190, 98, 0, 2 * Math.PI);
  context.clip();
  context.fillStyle = '#5d93b8';
  context.fillRect(660, 205 + sway, 260, 200);
  context.fillStyle = '#4a7fa6';
  context.fillRect(660, 240 + sway, 260, 200);
  context.restore();

  const x = 470 + sway;
  if (person.hairStyle === 'long') box(x - 165, 190, 330, 360, 150, person.hair);
  if (person.hairStyle === 'bun') disc(x, 118, 66, person.hair);
  box(x - 270, 540, 540, 320, 170, person.shirt);
  box(x - 56, 430, 112, 160, 52, person.skin);
  oval(x, 560, 76, 38, person.skin);
  box(x - 56, 448, 112, 54, 44, 'rgb(0 0 0 / 0.10)');
  oval(x, 335, 128, 152, person.skin);

  context.save();
  context.beginPath();
  context.ellipse(x, 325, 140, 160, 0, 0, 2 * Math.PI);
  context.clip();
  context.fillStyle = person.hair;
  context.beginPath();
  context.moveTo(x - 160, 330);
  context.quadraticCurveTo(x - 130, 225, x - 10, 238);
  context.quadraticCurveTo(x + 110, 245, x + 150, 330);
  context.lineTo(x + 160, 120);
  context.lineTo(x - 160, 120);
  context.fill();
  context.restore();

  const ink = 'rgb(30 20 20 / 0.82)';
  const blink = Math.cos(turn) > 0.97 ? 2 : 11;
  oval(x - 48, 345, 9, blink, ink);
  oval(x + 48, 345, 9, blink, ink);
  context.strokeStyle = ink;
  context.lineWidth = 7;
  context.lineCap = 'round';
  context.beginPath();
  context.arc(x, 385, 42, 0.2 * Math.PI, 0.8 * Math.PI);
  context.stroke();
  return canvas.toDataURL('image/jpeg', 0.88);
}
