// A clock that tests move; imported before anything reads the time.

const realNow = Date.now;
let ahead = 0;

Date.now = () => realNow() + ahead;

export const advance = (seconds) => { ahead += seconds * 1000; };
export const reset = () => { ahead = 0; };
