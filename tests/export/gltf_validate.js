// Run by test_gltf_readers.py: node gltf_validate.js FOLDER_OF_VALIDATOR FILE... prints the reports as JSON.
const fs = require("fs");
const validator = require(process.argv[2]);
(async () => {
  const reports = [];
  for (const path of process.argv.slice(3)) {
    reports.push(await validator.validateBytes(new Uint8Array(fs.readFileSync(path)), { maxIssues: 20 }));
  }
  console.log(JSON.stringify(reports));
})();
