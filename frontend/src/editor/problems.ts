// The list of problems below the text: each jumps to its place and mends it where that can be done.

import { byId, counted, h, icon } from "./elements";
import type { Fix, Problem } from "./shapes";

const SHOWN = 200;

export interface ProblemActs {
  jump: (at: number, end: number) => void;
  fix: (fix: Fix) => void;
  /** Enter the value of the secret that a problem is about. */
  addSecret: (problem: Problem) => void;
  /** Move a value that stands in the text to where secrets are entered. */
  moveSecret: (problem: Problem) => void;
}

function summary(problems: Problem[]): string {
  const errors = problems.filter((each) => each.severity === "error").length;
  const warnings = problems.length - errors;
  if (!problems.length) return "No problems";
  return [errors && counted(errors, "error"), warnings && counted(warnings, "warning")]
    .filter(Boolean)
    .join(", ");
}

function secretButton(problem: Problem, acts: ProblemActs): HTMLElement | null {
  const offers: Record<string, [string, (problem: Problem) => void]> = {
    secret_unknown: ["Add it in Secret Keys", acts.addSecret],
    secret_in_clear: ["Move it to Secret Keys", acts.moveSecret],
  };
  const [label, act] = offers[problem.code] ?? [];
  if (!label || !act) return null;
  return h("button", { type: "button", class: "button small", click: () => act(problem) }, label);
}

function line(problem: Problem, acts: ProblemActs): HTMLElement {
  const { fix } = problem;
  return h(
    "li",
    { class: `problem ${problem.severity}` },
    h(
      "button",
      {
        type: "button",
        class: "problem-text",
        click: () => acts.jump(problem.start.offset, problem.end.offset),
      },
      icon("warning"),
      h("span", { class: "visually-hidden" }, problem.severity === "error" ? "Error, " : "Warning, "),
      h("span", { class: "problem-line" }, `Line ${problem.start.line}`),
      h("span", {}, problem.message),
    ),
    fix ? h("button", { type: "button", class: "button small", click: () => acts.fix(fix) }, fix.title) : null,
    secretButton(problem, acts),
  );
}

export function showProblems(problems: Problem[], acts: ProblemActs): void {
  const errors = problems.some((each) => each.severity === "error");
  const heading = byId("problem-count");
  heading.textContent = summary(problems);
  heading.className = `badge ${errors ? "bad" : problems.length ? "warn" : "good"}`;
  const lines = problems.slice(0, SHOWN).map((each) => line(each, acts));
  if (problems.length > SHOWN) {
    lines.push(h("li", { class: "hint" }, `And ${problems.length - SHOWN} more.`));
  }
  byId("problem-list").replaceChildren(...lines);
}
