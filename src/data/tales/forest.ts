import type { World } from './world.ts';

/** Animals under trees: what the model of the page was taught. */
export const FOREST: World = {
  people: [
    { name: 'Mira', he: 'she' },
    { name: 'Tobin', he: 'he' },
    { name: 'Willow', he: 'she' },
    { name: 'Bram', he: 'he' },
    { name: 'Hazel', he: 'she' },
    { name: 'Otto', he: 'he' },
    { name: 'Nell', he: 'she' },
    { name: 'Pip', he: 'he' },
  ],
  kept: {
    home: ['forest', 'valley', 'old wood', 'meadow'],
    kind: ['fox', 'badger', 'hedgehog', 'owl', 'hare', 'otter', 'mouse', 'bear'],
    place: ['river', 'old oak', 'mill', 'stone bridge', 'pond', 'apple tree'],
    thing: [
      'red scarf',
      'silver bell',
      'wooden boat',
      'little drum',
      'blue feather',
      'round stone',
    ],
    food: ['berries', 'warm bread', 'honey', 'nuts', 'apple pie'],
    under: ['leaves', 'hollow log', 'tall grass', 'deep well'],
    bag: ['basket', 'pocket', 'sack'],
    far: ['white mountain', 'sea', 'waterfall', 'end of the path'],
  },
  free: {
    mood: ['young', 'quiet', 'brave', 'curious', 'clever', 'gentle'],
    trait: ['soft grey ears', 'a very long tail', 'a good memory', 'cold paws', 'a loud laugh'],
    time: ['morning', 'autumn day', 'summer evening', 'Sunday', 'winter morning'],
    night: ['night', 'evening', 'nightfall'],
    weather: [
      'it rained',
      'snow fell',
      'the wind blew',
      'the sun was shining',
      'fog lay on the fields',
    ],
    slowly: ['slowly', 'softly', 'kindly', 'hand in hand'],
    big: ['big', 'bright', 'beautiful', 'strange'],
    count: ['three', 'five', 'ten'],
  },
};
