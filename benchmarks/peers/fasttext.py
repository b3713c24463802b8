"""fasttext: `model.predict(list of texts)`, its batch call, lid.176.ftz, whole texts, best label."""

from benchmarks.peers.measuring import WARM, Measurement

BATCH = 4096


def main() -> None:
    """Language of every text."""
    measurement = Measurement()
    import fasttext

    model = fasttext.load_model(str(measurement.model))
    model.predict([WARM.replace("\n", " ")])
    measurement.ready()
    lines = [text.replace("\n", " ") for text in measurement.texts()]  # the call takes no line breaks
    with measurement.timed():
        for start in range(0, len(lines), BATCH):
            model.predict(lines[start : start + BATCH])
    measurement.tell("fasttext")


if __name__ == "__main__":
    main()
