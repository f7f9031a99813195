// The gate's tasks, as JavaScript sees them: what each waits for, and what becomes of it.
//
// What a task has of Wasm's memory is given back when it ends. Some never end: where a client leaves, the platform cancels the request, and nothing
// that it waited for ever settles. So nothing keeps a task for long but what it waits for: when the platform has dropped that, the collector
// finds the task, and Wasm is told. Whatever held it otherwise (a list here, a handle in Wasm of a promise that it waits for) would keep
// it for the life of the isolate.

/**
 * The tasks of one Wasm instance that wait for something outside.
 *
 * @typedef {object} Waiting
 * @property {Set<Task>} recent the last ones: most are over before another takes their place, so that nobody has to watch what becomes of them
 * @property {Set<WeakRef<Task>>} older the others, as long as what they wait for is there
 */

/** How many are kept. */
const RECENT = 128;
/** Ends of waits that are kept to be used again: to make them costs a tenth of a decision about a new token. */
const IDLE = 128;

/**
 * What is asked of the present instance.
 *
 * @typedef {object} Gate
 * @property {(place: number, number: number, wait: number, turn: number, isFulfilled: boolean, outcome: unknown) => void} go_on
 * @property {(place: number, number: number) => void} abandon
 */
/** @type {Gate} */
let gate;
/** Called where the present instance can no longer be trusted. @type {(why: unknown) => void} */
let failed;
/** Those of the present instance. @type {Waiting} */
let waiting = { recent: new Set(), older: new Set() };
/** The one that is polled. @type {Task | undefined} */
let polled;

const nobody = () => {};

class Task {
  /** @param {number} place @param {number} number */
  constructor(place, number) {
    this.of = waiting;
    this.place = place;
    this.number = number;
    /** @type {(outcome: unknown) => void} */
    this.resolve = nobody;
    /** @type {(why: Error) => void} */
    this.reject = nobody;
    /** Its clocks, by the wait that each ends. @type {Map<number, any> | undefined} */
    this.clocks = undefined;
    /** It is among those that wait for something outside. */
    this.isOutside = false;
    /** What stands for it among the older ones. @type {WeakRef<Task> | undefined} */
    this.reference = undefined;
  }
}

/** Nobody's. Where ends have always some task and never none, the engine goes on with it a tenth of a decision faster. */
const over = new Task(0, 0);

/** The two ends of waiting for a promise. While it is waited for, nothing but the promise has them. */
class Ends {
  constructor() {
    this.task = over;
    this.wait = 0;
    this.turn = 0;
    this.fulfilled = (/** @type {unknown} */ value) => this.reach(true, value);
    this.rejected = (/** @type {unknown} */ error) => this.reach(false, error);
  }

  /** @param {boolean} isFulfilled @param {unknown} outcome */
  reach(isFulfilled, outcome) {
    const { task, wait, turn } = this;
    this.task = over;
    if (idle.length < IDLE) idle.push(this);
    goOn(task, wait, turn, isFulfilled, outcome);
  }
}

/** @type {Ends[]} */
const idle = [];

/** @typedef {{ of: Waiting, place: number, number: number, reference: WeakRef<Task> }} Remains */

/** Absent where the Worker's compatibility date is before 2025-05-05; then what is cancelled stays. */
const cancelled =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry((/** @type {Remains} */ { of, place, number, reference }) => {
        of.older.delete(reference);
        if (of === waiting) gate.abandon(place, number);
      })
    : undefined;

/**
 * Says whose tasks they are.
 *
 * @param {Gate} theirs
 * @param {(why: unknown) => void} whenFailed
 */
export function serve(theirs, whenFailed) {
  gate = theirs;
  failed = whenFailed;
}

/**
 * The polled task waits for a promise.
 *
 * @param {Promise<unknown>} promise
 * @param {number} place
 * @param {number} number
 * @param {number} wait
 * @param {number} turn
 * @param {boolean} isOutside what it waits for may never come, if the request is cancelled
 */
export function waitFor(promise, place, number, wait, turn, isOutside) {
  const task = polledAt(place, number);
  if (isOutside) waitsOutside(task);
  const ends = idle.pop() ?? new Ends();
  ends.task = task;
  ends.wait = wait;
  ends.turn = turn;
  promise.then(ends.fulfilled, ends.rejected);
}

/**
 * The polled task waits for some time to pass.
 *
 * @param {number} milliseconds
 * @param {number} place
 * @param {number} number
 * @param {number} wait
 * @param {number} turn
 */
export function startClock(milliseconds, place, number, wait, turn) {
  const task = polledAt(place, number);
  waitsOutside(task);
  const clocks = (task.clocks ??= new Map());
  const end = () => {
    clocks.delete(wait);
    goOn(task, wait, turn, true, undefined);
  };
  clocks.set(wait, setTimeout(end, milliseconds));
}

/**
 * The polled task no longer waits for that. Without one, the request of the clock is gone, and the clock with it.
 *
 * @param {number} wait
 */
export function stopClock(wait) {
  const clock = polled?.clocks?.get(wait);
  if (clock === undefined) return;
  clearTimeout(clock);
  polled?.clocks?.delete(wait);
}

/**
 * A promise of what comes of a task.
 *
 * @param {number} place
 * @param {number} number
 * @returns {Promise<unknown>}
 */
export function owe(place, number) {
  const task = polledAt(place, number);
  polled = undefined;
  return new Promise((resolve, reject) => {
    task.resolve = resolve;
    task.reject = reject;
  });
}

/**
 * The polled task has ended.
 *
 * @param {unknown} outcome
 */
export function pay(outcome) {
  const task = /** @type {Task} */ (polled);
  task.of.recent.delete(task);
  if (task.reference !== undefined) task.of.older.delete(task.reference);
  task.resolve(outcome);
}

/** The present instance is given up, and every task of it. Those that wait for nothing outside end when they would go on. */
export function endAll() {
  const { recent, older } = waiting;
  waiting = { recent: new Set(), older: new Set() };
  // The next instance counts anew, and its first task may have the same numbers.
  polled = undefined;
  for (const task of recent) task.reject(givenUp());
  for (const reference of older) reference.deref()?.reject(givenUp());
}

function givenUp() {
  return new Error('the gate failed while the request was in flight');
}

/** @param {number} place @param {number} number */
function polledAt(place, number) {
  if (polled?.place !== place || polled.number !== number) polled = new Task(place, number);
  return polled;
}

/** @param {Task} task */
function waitsOutside(task) {
  if (task.isOutside) return;
  task.isOutside = true;
  const { recent } = task.of;
  recent.add(task);
  if (recent.size > RECENT) watch(/** @type {Task} */ (recent.values().next().value));
}

/** One of the recent tasks is one of the older. @param {Task} task */
function watch(task) {
  if (cancelled === undefined) return;
  const { of, place, number } = task;
  const reference = new WeakRef(task);
  task.reference = reference;
  of.recent.delete(task);
  of.older.add(reference);
  cancelled.register(task, { of, place, number, reference });
}

/**
 * @param {Task} task
 * @param {number} wait
 * @param {number} turn
 * @param {boolean} isFulfilled
 * @param {unknown} outcome
 */
function goOn(task, wait, turn, isFulfilled, outcome) {
  const { of, place, number } = task;
  if (of !== waiting) return task.reject(givenUp());
  polled = task;
  try {
    gate.go_on(place, number, wait, turn, isFulfilled, outcome);
  } catch (error) {
    task.reject(givenUp());
    // Who panics has told already.
    if (of === waiting) failed(error);
  } finally {
    polled = undefined;
  }
}
