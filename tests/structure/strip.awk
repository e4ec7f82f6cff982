# Print each line as FILE:LINE:TEXT without comments and without what stands
# between quotes.
FNR == 1 {
	in_comment = 0
}
{
	out = ""
	text = $0
	while (text != "") {
		if (in_comment) {
			end = index(text, "*/")
			if (end == 0)
				break
			text = substr(text, end + 2)
			in_comment = 0
		} else if (match(text, /\/\*|\/\/|"([^"\\]|\\.)*"|'([^'\\]|\\.)*'/)) {
			out = out substr(text, 1, RSTART - 1)
			piece = substr(text, RSTART, RLENGTH)
			text = substr(text, RSTART + RLENGTH)
			if (piece == "/*")
				in_comment = 1
			else if (piece == "//")
				break
			else
				out = out substr(piece, 1, 1) substr(piece, 1, 1)
		} else {
			out = out text
			break
		}
	}
	print FILENAME ":" FNR ":" out
}
