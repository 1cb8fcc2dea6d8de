// A window that was opened for a sign-in closes itself once that is done.

window.close();
