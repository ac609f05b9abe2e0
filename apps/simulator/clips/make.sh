#!/usr/bin/env bash
# Makes the simulator's voice clips: espeak-ng speaks each sentence of sentences.tsv, sox brings it to mono PCM16 at
# 24 kHz, trims the silence around it and normalises the loudness, so that an energy detector hears speech in it.
# Needs: espeak-ng, sox. Writes the WAV files and clips.json beside this script.
set -euo pipefail
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rm -f ./*.wav
{
  printf '[\n'
  separator=''
  while IFS=$'\t' read -r name role voice speed text; do
    espeak-ng -v "$voice" -s "$speed" -w "$scratch/$name.wav" "$text"
    sox -R "$scratch/$name.wav" -r 24000 -c 1 -b 16 -e signed-integer "$name.wav" \
      silence 1 0.02 0.3% reverse silence 1 0.02 0.3% reverse gain -n -3 pad 0.04 0.16
    printf '%s  { "name": "%s", "role": "%s", "file": "%s.wav", "transcript": "%s" }' \
      "$separator" "$name" "$role" "$name" "$text"
    separator=$',\n'
  done <sentences.tsv
  printf '\n]\n'
} >clips.json
