// One chart of the last minute: what it is now, in words and as lines.
import { make, say } from "../../../app/web/view/make.js";
import { area, line, roundMost } from "./plot.js";
import { vector } from "./vector.js";

export class Chart {
  /**
   * @param {string} title
   * @param {object} how
   * @param {string[]} [how.lines] what the lines are called, where there are two
   * @param {string} [how.kind] a class of the first line
   * @param {number} how.least what the top of the chart is at least
   * @param {(value: number) => string} how.scale what is said of the top
   */
  constructor(title, { lines = [""], kind = "first", least, scale }) {
    this.least = least;
    this.scale = scale;
    const classes = [kind, "second"];
    this.values = lines.map((name, at) => ({
      value: make("strong"),
      line: vector("path", { class: `line ${classes[at]}` }),
      name,
    }));
    this.most = make("small");
    this.area = vector("path", { class: "area" });
    const told = make("span", { class: "told" });
    this.values.forEach(({ value, name }, at) => {
      if (name) told.append(make("span", {}, make("em", { class: classes[at] ?? "" }, name), " ", value));
      else told.append(value);
    });
    const drawing = vector(
      "svg",
      { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" },
      this.area,
      ...this.values.map(({ line }) => line).reverse(),
    );
    const caption = make("figcaption", {}, make("span", {}, title), this.most, told);
    this.element = make("figure", { class: "chart" }, caption, drawing);
  }

  /**
   * @param {string[]} now what each line is now
   * @param {(number | null)[][]} minute its values
   */
  show(now, minute) {
    const most = roundMost(minute.flat(), this.least);
    say(this.most, `up to ${this.scale(most)}`);
    this.values.forEach((shown, at) => {
      say(shown.value, now[at] ?? "");
      shown.line.setAttribute("d", line(minute[at] ?? [], most));
    });
    if (this.values.length === 1) this.area.setAttribute("d", area(minute[0] ?? [], most));
  }
}
