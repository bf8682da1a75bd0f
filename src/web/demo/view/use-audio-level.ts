import { useEffect, useState } from 'preact/hooks';

const sampleEveryMs = 120;
let shared: AudioContext | undefined;

/** How loud a stream is, from 0 to 1 in steps of a tenth. 0 without a stream or without sound in it. */
export function useAudioLevel(stream: MediaStream | undefined): number {
  const [level, setLevel] = useState(0);
  const track = stream?.getAudioTracks()[0];
  useEffect(() => {
    if (stream === undefined || track === undefined) return;
    shared ??= new AudioContext();
    const context = shared;
    const source = context.createMediaStreamSource(stream);
    const analyser = new AnalyserNode(context, { fftSize: 512 });
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      // Browsers let no sound be processed before the person has done something on the page.
      if (context.state === 'suspended' && navigator.userActivation.hasBeenActive) void context.resume();
      analyser.getFloatTimeDomainData(samples);
      setLevel(loudness(samples));
    }, sampleEveryMs);
    return () => {
      clearInterval(timer);
      source.disconnect();
      setLevel(0);
    };
  }, [stream, track]);
  return level;
}

/** From -60 dB (0) to -10 dB (1). */
function loudness(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const decibels = 10 * Math.log10(power + 1e-9);
  return Math.round(Math.min(1, Math.max(0, (decibels + 60) / 50)) * 10) / 10;
}
