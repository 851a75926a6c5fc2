// Run the panel's unit tests in MicroPython: node unittests.mjs MODULES FOLDER, where MODULES is the
// folder of the installed packages and FOLDER that of the firmware.
// Exit code 0 if all have passed and there were any; the last line says how many ran.
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, folder] = process.argv.slice(2);
const place = "@micropython/micropython-webassembly-pyscript/micropython.mjs";
const { loadMicroPython } = await import(pathToFileURL(resolve(modules, place)));
const mp = await loadMicroPython({ stdout: (line) => console.log(line), linebuffer: true });
const tests = [];
for (const [within, into] of [["", "/lib"], ["tests", "/lib"]]) {
  for (const name of readdirSync(join(folder, within)).filter((n) => n.endsWith(".py"))) {
    try { mp.FS.mkdir(into); } catch { /* it is there already */ }
    mp.FS.writeFile(`${into}/${name}`, readFileSync(join(folder, within, name)));
    if (within === "tests") tests.push(name.replace(/\.py$/, ""));
  }
}
mp.globals.set("names", tests.join(" "));
mp.runPython(`
import unittest
suite = unittest.TestSuite()
for name in names.split():
    suite._load_module(__import__(name))
result = unittest.TestRunner().run(suite)
ran, well = result.testsRun, result.wasSuccessful()
print("ran", ran)
`);
process.exit(mp.globals.get("well") && mp.globals.get("ran") > 0 ? 0 : 1);
