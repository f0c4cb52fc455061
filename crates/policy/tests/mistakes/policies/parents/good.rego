package hallmark

deny contains "no" if input.image.name == "bad"
