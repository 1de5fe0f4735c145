/**
 * What happens in a tale: of each part one of its sentences is told. `{name}` is what the tale's
 * world gives it, the same in the whole tale and with a capital where the name has one; `[name]` is
 * drawn anew each time.
 */
export type Plot = readonly (readonly string[])[];

const OPENINGS = [
  'In the {home} lived {hero}, a [mood] {kind} with [trait].',
  '{Hero} was a [mood] {kind} who lived near the {place}.',
  'Once there was a {kind} called {hero}, and {he} had [trait].',
  'Everyone in the {home} knew {hero} the {kind}, for {he} had [trait].',
  '{Hero} the {kind} had never been further than the {place}.',
];

const ENDINGS = [
  'From that day on {hero} and {friend} were never apart.',
  'And when {he} closed {his} eyes that night, {hero} was smiling.',
  'They still tell it in the {home} to those who are new.',
  '"Tomorrow," said {friend}, "we will do it again." And they did.',
  'Then they went home, [slowly], and shared what was left of the {food}.',
  '{Hero} never forgot it, and neither should you.',
];

const LOST: Plot = [
  OPENINGS,
  [
    '{He} had a {thing}, and there was nothing {he} loved more.',
    'What {he} loved most in the world was {his} {thing}.',
    'Every [time] {he} took {his} {thing} to the {place} and looked at it.',
  ],
  ['But one [time] it was gone.', 'One [time], when [weather], the {thing} was not there.'],
  [
    '{He} looked under the {under}. {He} looked behind the {place}. Nothing.',
    '{He} looked everywhere, even in the {under}, and found only {food}.',
    '{He} called for it, as if a {thing} could answer.',
  ],
  [
    '"Have you seen my {thing}?" {he} asked {friend} the {friendKind}.',
    '"My {thing} is lost," {he} said to {friend} the {friendKind}, "and I do not know where to look."',
  ],
  [
    '"No," said {friend} [slowly], "but I will help you look."',
    '"Where did you have it last?" asked {friend}. That was a good question.',
    '{Friend} thought for a while. "Things that are lost," said {friend}, "are often close."',
  ],
  [
    'They searched until [night], and there it was, in the {under}.',
    'They walked [slowly] along the {place}, and something shone: it was the {thing}.',
    'At last {friend} laughed. The {thing} had been in {his} own {bag} the whole time.',
  ],
  ENDINGS,
];

const JOURNEY: Plot = [
  OPENINGS,
  [
    'One [time] {he} packed {food} into {his} {bag} and set out for the {far}.',
    '"I want to see the {far}," {he} said one [time], and nothing could stop {him}.',
  ],
  [
    '{Friend} the {friendKind} came along, because two see more than one.',
    'On the way {he} met {friend} the {friendKind}, who was going there too.',
  ],
  [
    'The way was long, and [weather].',
    'First it was easy. Then [weather], and they could hardly see the way.',
    'They walked past the {place}, and [weather].',
  ],
  [
    '"Shall we turn back?" asked {friend}. "Only a little further," said {hero}.',
    'When {hero} was tired, {friend} carried the {bag}; when {friend} was tired, they rested.',
    '{Hero} was afraid, but {he} did not say so, and {friend} did not ask.',
  ],
  [
    'And then they saw it: the {far}, as [big] as the stories said.',
    'At [night] they stood before the {far}, and neither said a word.',
    'The {far} was not as [big] as they had thought. It was better.',
  ],
  ENDINGS,
];

const GIFT: Plot = [
  OPENINGS,
  [
    'It would soon be the birthday of {friend} the {friendKind}, and {hero} had no gift.',
    '{Friend} the {friendKind} was ill, and {hero} wanted to bring something.',
  ],
  [
    '"A {thing} would be right," thought {hero}, "but where do I find one?"',
    '{Hero} had only {food}, and that is soon eaten.',
  ],
  [
    'So {he} went to the {place} and worked there from early morning to [night].',
    'So {he} made one {himself}, [slowly], from what lay in the {under}.',
    'So {he} asked at the {place}, and was given an old {thing} that nobody wanted.',
  ],
  [
    'It was not very [big], and one side of it was crooked.',
    'When it was ready, [weather], and {he} ran all the way.',
  ],
  [
    '"For me?" asked {friend}, and held it as if it were made of glass.',
    '{Friend} looked at the {thing} for a long time. "It is the best I ever had."',
    '"You made this," said {friend}, "and so I will keep it always."',
  ],
  ENDINGS,
];

const QUARREL: Plot = [
  OPENINGS,
  [
    '{His} best friend was {friend} the {friendKind}.',
    '{He} did everything together with {friend} the {friendKind}.',
  ],
  [
    'But one [time] both of them wanted the same {thing}.',
    'One [time] they could not agree whose {food} it was.',
  ],
  [
    '"It is mine," said {hero}. "No, mine," said {friend}.',
    '"You always take it," said {friend}, and went away [slowly].',
  ],
  [
    'For three days they did not speak, and [weather].',
    'That night neither of them could sleep.',
    '{Hero} sat alone at the {place}, and it was not half as nice.',
  ],
  [
    'Then {hero} took the {thing} and put it before the door of {friend}.',
    '"I am sorry," said {hero} at last. "So am I," said {friend}.',
    '"Half for you," said {friend}, "and half for me." It was as easy as that.',
  ],
  ENDINGS,
];

const STRANGER: Plot = [
  [
    'One [time], when [weather], a stranger came to the {home}.',
    'At the {place} stood a stranger, and nobody knew from where.',
  ],
  [
    'It was {friend}, a {friendKind} with [trait].',
    '"My name is {friend}," said the stranger, who was a [mood] {friendKind}.',
  ],
  [
    'The others hid behind the {place}. Only {hero} the {kind} stayed.',
    'Everyone was afraid but {hero}, a [mood] {kind}.',
  ],
  [
    '"Are you hungry?" asked {hero}, and held out {his} {food}.',
    '"What is in your {bag}?" asked {hero}. {Friend} opened it: there was a {thing}.',
    '"You look cold," said {hero}. "Come in, we have {food}."',
  ],
  [
    '{Friend} told of the {far}, and of a {thing} as [big] as a house.',
    '{Friend} ate [slowly], and then began to sing, and the others came closer.',
    'They talked until [night], and it was as if they had always known each other.',
  ],
  [
    'So {friend} stayed, first for a day, then for a year.',
    '"You may stay," said {hero}, "as long as you like."',
  ],
  ENDINGS,
];

const FEAR: Plot = [
  OPENINGS,
  [
    'There was only one thing that {he} feared, and that was the {under}.',
    '{He} was afraid of nothing but the dark.',
  ],
  [
    'One [time], when [weather], something cried for help.',
    'Then, one [time], {his} {thing} fell into the {under}.',
  ],
  [
    'It was {friend} the {friendKind}, who had fallen and could not get up.',
    '{Friend} the {friendKind} was in there too, and could not come out alone.',
  ],
  [
    '{Hero} took a deep breath. {He} counted to [count]. Then {he} went in.',
    '"I cannot," thought {hero}. And then {he} did.',
    '{His} knees were shaking, but {he} went on, step by step.',
  ],
  [
    'It was dark, and it smelled of {food}, and that was all.',
    'Nothing in there was as [big] as {his} fear had been.',
    '"You came," said {friend}. "Of course," said {hero}.',
  ],
  ENDINGS,
];

/** All that can happen. */
export const PLOTS: readonly Plot[] = [LOST, JOURNEY, GIFT, QUARREL, STRANGER, FEAR];
