// face-api with its WebAssembly backend, for the benchmark beside it: "node
// bench.js PICTURE ...". For each line on standard input, the numbers of the
// pictures to look at (from 0), it decodes each, finds its face, and takes its
// landmarks and descriptor; it answers with the milliseconds that took.
const fs = require('fs');
const path = require('path');
const readline = require('readline');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const tf = require('@tensorflow/tfjs');
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
const jpeg = require('jpeg-js');

const folder = (name) => path.dirname(require.resolve(`${name}/package.json`));

async function describe(file) {
  const { data, width, height } = jpeg.decode(fs.readFileSync(file), { formatAsRGBA: false, useTArray: true });
  const picture = tf.tensor3d(new Int32Array(data), [height, width, 3], 'int32');
  try {
    const found = await faceapi.detectSingleFace(picture, new faceapi.SsdMobilenetv1Options())
      .withFaceLandmarks().withFaceDescriptor();
    if (!found) throw new Error('no face found');
  } finally {
    picture.dispose();
  }
}

async function main() {
  const files = process.argv.slice(2);
  wasm.setWasmPaths(path.join(folder('@tensorflow/tfjs-backend-wasm'), 'dist', path.sep));
  await tf.setBackend('wasm');
  await tf.ready();
  const models = path.join(folder('@vladmandic/face-api'), 'model');
  await faceapi.nets.ssdMobilenetv1.loadFromDisk(models);
  await faceapi.nets.faceLandmark68Net.loadFromDisk(models);
  await faceapi.nets.faceRecognitionNet.loadFromDisk(models);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const began = performance.now();
    for (const number of line.split(' ')) await describe(files[Number(number)]);
    console.log((performance.now() - began).toFixed(2));
  }
}

main().catch((problem) => { console.error(problem.message); process.exit(1); });
