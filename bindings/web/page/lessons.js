// The lessons: settings, what is shown, a short text, and something to try.
//
// `settings` is written as in the address. Whatever a text says about what happens is true of these settings:
// tests/lessons.mjs follows every lesson.

const PICTURES = ['network-card', 'layers', 'output-card', 'curves-card'];

export const LESSONS = [
  {
    id: 'doughnut', title: 'Doughnut: what hidden units do',
    settings: 'test=0&layers=3*sigmoid&gain=5&weights=100&speed=2000',
    shows: PICTURES,
    text: [
      'A disc of one class lies inside a ring of the other. No straight line divides them. Each hidden unit of this network draws one line, and the output combines three lines into a triangle around the disc.',
      'This is the first experiment of the report: 3 sigmoid units, learning rate 1.',
    ],
    tasks: [
      'Press Play and watch the three small pictures: each becomes one side of the triangle. The accuracy is above 99% at epoch 2000, and 100% at epoch 10 000.',
      'Set the units to 2 and press Play. Two lines leave one side open, and many points stay wrong.',
    ],
  },
  {
    id: 'squares', title: 'Squares: a harder pattern',
    settings: 'data=squares&test=0&layers=5*sigmoid&gain=5&weights=100&speed=2000',
    shows: PICTURES,
    text: [
      'The classes fill the quarters of a square like the fields of a chessboard. The second experiment of the report divides them with 5 sigmoid units.',
      'The last points are the hardest: the loss falls quickly at first, and then for a long time slowly.',
    ],
    tasks: [
      'Press Play. The accuracy is above 90% at epoch 200, but it reaches 100% only after thousands of epochs.',
      'Set the units to 1 and press Play. With one line, about a third of the points stay wrong.',
    ],
  },
  {
    id: 'dead-relu', title: 'Dead ReLU units',
    settings: 'test=0&layers=7*relu&weights=22&rate=0.3&speed=2000',
    shows: [...PICTURES, 'findings-card'],
    text: [
      'A ReLU unit returns 0 if its input is negative. If its input is negative for every row, its gradient is 0, too, and it never learns again. Such a unit is dead.',
      'The report fits the doughnut with 7 ReLU units. That works with some seeds of the first weights and fails with others. This is a seed that fails.',
    ],
    tasks: [
      'Press Play until epoch 4000, then Pause. The findings count the dead units, and the accuracy stays near 80%.',
      'Choose leaky ReLU as activation and press Play until epoch 4000. It has a small slope for negative inputs, so no unit is dead, and the same first weights reach 100%.',
    ],
  },
  {
    id: 'l2-iris', title: 'Iris: what the penalty λ does',
    settings: 'data=iris&test=0&layers=5*sigmoid,10*sigmoid,5*sigmoid&gain=5&weights=100&rate=0.1&axes=2,3&speed=2000',
    shows: ['network-card', 'output-card', 'curves-card', 'histogram-card', 'training-card'],
    text: [
      'The penalty λ‖W‖² pulls all weights towards 0. The report trains this network on Iris with λ = 0, 0.001, 0.01 and 0.1. The recorded loss does not contain the penalty.',
    ],
    tasks: [
      'Press Play until epoch 3000. In the histogram some weights are larger than 5.',
      'Set the penalty λ to 0.01, press Reset and Play until epoch 3000. All weights are smaller than 3, and the loss is higher.',
      'Set λ to 0.1, press Reset and Play. Now the penalty is stronger than the data: all weights go almost to 0. The loss stays at 1.099 = ln 3, as good as a guess between three classes.',
    ],
  },
  {
    id: 'learning-rate', title: 'The learning rate',
    settings: 'test=0&layers=4*tanh&rate=0.01',
    shows: [...PICTURES, 'training-card', 'findings-card'],
    text: [
      'A step of gradient descent changes the weights by −η times the gradient. If the learning rate η is small, the loss falls smoothly, but slowly. If η is large, the steps are too long, and the loss jumps.',
    ],
    tasks: [
      'Press Play until epoch 1000. The loss hardly falls.',
      'Set η to 1, press Reset and Play. At epoch 1000 every point is right.',
      'Set η to 10, press Reset and Play for some seconds, then Pause. The loss is higher than at the beginning, and the findings say why.',
    ],
  },
  {
    id: 'overfitting', title: 'Overfitting: learning by heart',
    settings: 'rows=80&noise=0.06&test=0.5&layers=16*tanh,16*tanh&optimizer=adam&rate=0.01',
    shows: ['network-card', 'output-card', 'curves-card', 'findings-card', 'data-card'],
    text: [
      'Here are 40 noisy rows to learn from, and a network with 354 parameters. It learns the training rows by heart, with their noise. It never sees the test rows: their loss falls at first, and then it rises.',
      'The dotted line marks the epoch with the lowest test loss.',
    ],
    tasks: [
      'Press Play until epoch 600. Every training row is right, but the test loss is several times its lowest value.',
      'Set the rows to 800 and press Play until epoch 600. Now the network cannot learn all rows by heart, and the two losses stay together.',
    ],
  },
  {
    id: 'gradient-check', title: 'Is the gradient right?',
    settings: 'test=0&layers=4*relu&weights=4&rate=0.3&epoch=200',
    shows: ['network-card', 'output-card', 'gradient-card'],
    text: [
      'Formulas of backpropagation are easy to get wrong, and a network with a wrong gradient often still learns something. So the check computes every entry again in another way, and compares.',
      'A central difference changes one parameter by ±h. If a ReLU unit is on at θ + h and off at θ − h for some row, the difference is taken across a kink, and it says nothing about the gradient. The check marks such entries.',
    ],
    tasks: [
      'Press Check gradients: all 22 entries agree.',
      'Plant an error of 1% in an entry. The check blames this entry and no other.',
      'Set the step h to 0.1 and check again. Some entries are now at a kink: compare the last two columns with the analytic value.',
    ],
  },
  {
    id: 'optimizers', title: 'Spirals: which optimizer?',
    settings: 'data=spirals&layers=16*tanh,16*tanh&rate=0.1&speed=0',
    shows: ['network-card', 'output-card', 'curves-card', 'training-card'],
    text: [
      'Two spirals wind around each other. Gradient descent follows the gradient of now. Momentum also keeps a part of its last steps. Adam has a step length of its own for every weight.',
    ],
    tasks: [
      'Press Play. After 1000 epochs of gradient descent a third of the points is still wrong.',
      'Choose momentum, press Reset and Play until epoch 1000. About nine of ten points are right.',
      'Choose Adam, set η to 0.01, press Reset and Play until epoch 1000. All points are right.',
    ],
  },
  {
    id: 'symmetry', title: 'Why the first weights are random',
    settings: 'test=0&layers=4*sigmoid&init=zeros&speed=2000',
    shows: [...PICTURES, 'start-fields'],
    text: [
      'If all weights are zero at first, all units of a layer get the same gradient. They change together and stay equal for ever, so four units can do no more than one.',
    ],
    tasks: [
      'Press Play until epoch 10 000. The four pictures are the same all the time, and a third of the points stays wrong.',
      'Choose Xavier for the first weights and press Play. The units differ, and at epoch 10 000 all points are right.',
    ],
  },
  {
    id: 'regression', title: 'A curve instead of classes',
    settings: 'data=wave&layers=8*tanh,8*tanh&optimizer=adam&rate=0.01',
    shows: [...PICTURES, 'second'],
    text: [
      'The target is a number: a wave with noise. Each unit is a curve, and the output is a weighted sum of the curves of the last layer. The residual is the target minus the prediction.',
      'If the network has learned the wave, only the noise is left: the residuals have no pattern.',
    ],
    tasks: [
      'Press Play until epoch 600. R² is above 0.95, and the residuals are small.',
      'Remove layer 2, set layer 1 to 2 units, and press Play until epoch 1000. The curve cannot follow the wave, and the residuals are large.',
    ],
  },
];
