import type { World } from './world.ts';

/** Robots among stars: what the page fine-tunes the model on where a person gives no text. */
export const STATION: World = {
  people: [
    { name: 'Vega', he: 'she' },
    { name: 'Quill', he: 'he' },
    { name: 'Nova', he: 'she' },
    { name: 'Rook', he: 'he' },
    { name: 'Io', he: 'she' },
    { name: 'Dax', he: 'he' },
  ],
  kept: {
    home: ['station', 'moon base', 'old ship', 'dome'],
    kind: ['robot', 'pilot', 'probe', 'engineer', 'drone', 'captain'],
    place: ['airlock', 'engine room', 'radio mast', 'glass garden', 'landing pad'],
    thing: ['copper antenna', 'star map', 'spare battery', 'tiny lamp', 'broken clock'],
    food: ['green soup', 'machine oil', 'space biscuits', 'hot tea'],
    under: ['cargo hold', 'dark tunnel', 'heap of cables', 'crater'],
    bag: ['tool box', 'helmet', 'backpack'],
    far: ['second moon', 'ring of ice', 'silent planet', 'edge of the map'],
  },
  free: {
    mood: ['rusty', 'careful', 'cheerful', 'restless', 'patient'],
    trait: ['one blinking eye', 'magnetic boots', 'a dented head', 'a humming voice'],
    time: ['shift', 'quiet shift', 'Monday', 'launch day', 'long flight'],
    night: ['midnight', 'lights-out'],
    weather: [
      'the lights went out',
      'dust filled the sky',
      'the radio was silent',
      'two moons rose',
    ],
    slowly: ['quietly', 'with a beep', 'without gravity', 'step by step'],
    big: ['bright', 'distant', 'enormous', 'cold'],
    count: ['three', 'seven', 'zero'],
  },
};
