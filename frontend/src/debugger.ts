// The Debugger: a window for the service's consent page, and files that travel in forms.

import { carriedFiles } from "./files";
import { signInWindow } from "./sign_in_window";

signInWindow();
carriedFiles();
