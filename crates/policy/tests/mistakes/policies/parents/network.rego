package hallmark

deny contains "x" if http.send({"url": "a"}).status_code == 200
