# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the program says, in English.

Rules of this file: those of `messages`.
"""

from typing import Final

ENGLISH: Final = {
    "to": "This goes to: {desk}",
    "protect": (
        "What you write is sealed on this machine. Only the people of the desk can open it; the server cannot. "
        "This program keeps nothing of it. Your shell may keep the command that you typed, and this window shows what was said until it is closed."
    ),
    "not_protected": "Not protected: whoever watches this machine or your line can see that you were here, and your own words may tell who you are.",
    "skip": "You can leave any question empty (Enter). ? means: I don't know.",
    "story_end": "Write as many lines as you like. End with a line that has only a dot.",
    "day_how": "A day as YYYY-MM-DD. ~2026-01-31 means about that day; 2026-01-28..2026-01-31 several days.",
    "one_how": "The number of one.",
    "many_how": "The numbers of all that fit, with spaces between.",
    "again": "That could not be read. Try again, or leave it empty.",
    "add_ask": "What do you want to add or answer?",
    "who": "{count} people at this desk can open it.",
    "who_one": "1 person at this desk can open it.",
    "who_recovery": "A recovery key can open it too. It lies on paper, in parts, with several people: at least two of them together can use it.",
    "left_out": "These reviewers cannot open it, because their keys are not there: {names}",
    "confirm": "Send it? (yes / no)",
    "yes": "y yes",
    "stopped": "Nothing was sent.",
    "file_removed": "{name}: removed from the copy that is sent: {tells}.",
    "file_clean": "{name}: a picture; nothing was found in it beyond the picture itself.",
    "file_kept": "{name}: sent as it is, and it says: {tells}.",
    "file_kept_clean": "{name}: sent as it is.",
    "tell_place": "the place where it was taken",
    "tell_time": "the time when it was taken",
    "tell_device": "the make and model of the camera or phone",
    "tell_serial": "a serial number",
    "tell_owner": "a name of a person",
    "tell_software": "the programs that worked on it",
    "tell_text": "a text or comment",
    "tell_thumbnail": "a small second picture",
    "tell_other": "other data that we do not know",
    "tell_trailer": "data after the end of the picture",
    "report_left": "The report has left. The server has signed for it, and its signature was checked.",
    "wait_report": "The line broke. Nothing is lost: the report is still here. It goes on by itself when the line is back.",
    "wait_blocks": "The line broke. Nothing is lost: {sent} of {total} parts are there. It goes on by itself when the line is back.",
    "cover_done": "One visit is done.",
    "cover_failed": "A visit was not done ({failure}). Nothing is lost; it goes on with the next one.",
    "cover_ended": "Ended. Begun again with the same schedule, it goes on.",
    "stamping": "The server is very busy. This computer is doing some work now so that your report gets in sooner. Ctrl-C ends it.",
    "stamping_more": "Others do as much. This computer is doing more work for your report: it may take some seconds.",
    "busy_report": "The server answers, but has no room or is too busy just now. Your report is still here. {when}",
    "busy": "The server answers, but has no room or is too busy just now. Nothing is lost: {sent} parts are there. {when}",
    "busy_soon": "It is tried again by itself. Ctrl-C ends it.",
    "busy_at": "The server asked to wait, and it is tried again by itself at {time}. Ctrl-C ends it.",
    "words": "Your twelve words:",
    "words_why": "With these words, and only with them, you can come back, see that your report arrived and read the answer.",
    "words_keep": "Write them on paper or keep them in a password manager: they are not stored anywhere, and nobody can give them to you again.",
    "promise": "The desk means to answer within {days} days. To come back, with the words: {again}",
    "receipt_saved": "The receipt is in {path}. Whoever finds it there can see that a report was sent from here.",
    "receipt_not_saved": "The receipt could not be written to {path}. That changes nothing about the report.",
    "ask_words": "Your twelve words, with spaces between:",
    "server_has": "The server has it.",
    "server_signed": "The server has it: it signed for it on {day}.",
    "machine_has": "A reviewer's machine has it.",
    "answered": "{reviewer} answered:",
    "part_missing": "A part of this answer has not arrived. Come back later.",
    "no_answer": "No answer yet.",
    "none": "No reviewer's machine has answered to these words yet.",
    "none_hint": "In the first two weeks that is normal. If it was longer ago, check the words: other words would look the same.",
    "not_yours": "If these are not your words, the desk will see what you add as a new report.",
    "stale": "No reviewer has been seen since {day}.",
    "emergency": (
        "This organisation has changed who reads reports, and those who read them until now have not agreed. There may be an honest reason, "
        "such as lost machines. It can also mean that somebody has taken over. If you can wait, first ask the organisation in another way, "
        "not through this address. This is told until {day}."
    ),
    "unseen": "One of those who answer here, {name}, has not been seen since {day}.",
    "unseen_never": "One of those who answer here, {name}, has not been seen at all.",
    "unseen_hint": (
        "They may be away. It can also mean that somebody keeps their news from you, so that you do not learn who reads here now. You can "
        "send all the same. If you can wait, look again in a few days, or ask the organisation in another way."
    ),
    "never": "No reviewer has been seen yet.",
    "missing": "{count} parts of your files have not arrived there. You can send those files again with: corncrake-reporter add --file",
    "included": "The public log includes this receipt's report, as the server promised.",
    "not-yet-published": "The public log does not include it yet: the next publication will.",
    "former-log": "Your receipt is of a log that the organisation has replaced by another, and your report is not in that one: the server may have"
    " been brought back from an older copy. If nobody has answered and no reviewer's machine has it, send it again.",
    "fault": "The public log should include your report by now, and does not. Your receipt proves that. Show it to the organisation in another way.",
    "lost_nothing_sent": "Nothing was sent, and nothing on this machine was changed.",
    "lost_not_sent": "Nothing was sent. The file of --continue-file was removed again.",
    "lost_kept": "Nothing was sent this time. The file of --continue-file is still there, and nothing that had left before is lost.",
    "words_void": "The twelve words that were shown lead to nothing: cross them out.",
    "lost_nothing": "Nothing is lost.",
    "lost_unknown": "It is not known whether the server has the report. Keep the words in case it has; what you wrote is not kept here.",
    "lost_unknown_add": "It is not known whether the server has it; what you wrote is not kept here.",
    "lost_blocks": "The report is there and signed for. {sent} of {total} parts of your files are there.",
    "what_line": "The server could not be reached, or the line broke.",
    "do_line": "Look whether you are on line, and run it again.",
    "what_busy": "The server has no room or is too busy just now.",
    "do_busy": "Run it again later.",
    "what_old": "The report was begun too long ago: a report can be sent in its week, and a day after.",
    "do_old": "Run the same command again, and it is written anew, with new words. The file of --continue-file was removed.",
    "what_unreadable": "A file cannot be read any more. Was the stick or disk taken out?",
    "do_unreadable": "When it can be read again, send it with: corncrake-reporter add --file, with the words.",
    "do_unreadable_kept": "When it can be read again, run the same command again, and it goes on from there; the words are not needed for that.",
    "do_unreadable_before": "Run it again when it can be read.",
    "do_same": (
        "Name the same files as they were then, with --keep if it was said then, and the same --continue-file. If a file is not to be had as it "
        "was, remove the file of --continue-file, and send what is missing with: corncrake-reporter add --file, with the words."
    ),
    "what_trust": "The server showed papers that do not fit.",
    "do_trust": "Look at --server and --root. If they are as you were given them, do not go on: ask the organisation in another way.",
    "what_expired": "The desk's papers have run out, or this machine's date is wrong.",
    "do_expired": "Look at the date of this machine. If it is right, the desk can take nothing until the organisation renews its papers.",
    "what_clock": "This machine's date and the server's are too far apart.",
    "do_clock": "Set the date of this machine right, then run it again. If it is right, come back later or use another way.",
    "what_few": "Too few people of this desk could open it now.",
    "do_few": "Look at the date of this machine. If it is right, come back later, or use another way.",
    "what_desk": "There is no such desk here.",
    "do_desk": "Look at --desk.",
    "what_word": "Word number {numbers} is not one of the words.",
    "what_count": "There are {count} words here; it takes twelve.",
    "what_checksum": "All of these are words, but one is wrong or two are swapped.",
    "do_word": "Look at your note.",
    "what_size": "It is more than one report, or one file, can hold.",
    "do_size": "Shorten it, or send the rest as a second message.",
    "what_picture": "A picture cannot be cleaned of what it says about you.",
    "do_picture": "Leave it out, or send it untouched with --keep.",
    "what_receipt": "This is not a receipt of this server and desk.",
    "do_receipt": "Look at --receipt; without it the answers are shown all the same.",
    "what_withheld": "The server keeps something back that it must show.",
    "do_withheld": "Try again later. If it stays so, tell the organisation in another way.",
    "what_refused": "The server did not take it.",
    "do_refused": "Try again later. If it stays so, use another way.",
    "what_usage": "It cannot be done so.",
    "do_usage": "See corncrake-reporter --help.",
    "what_ended": "You ended it.",
    "do_ended": "Run it again when you want to.",
    "file_unknown": "{name}: we cannot look inside this kind of file. It is sent as it is, with all that it may say about you.",
    "file_picture": (
        "{name}: a picture of a kind that this program does not look into. Such pictures often say where, when and with which phone "
        "they were taken. It is sent as it is."
    ),
    "file_film": (
        "{name}: a film, and nobody looked inside. Films often say where, when and with which phone they were taken. It is sent as it "
        "is. The page at {page} can take that out of many films."
    ),
    "file_sound": "{name}: a sound, and nobody looked inside. Sounds often say when and with which phone they were taken. It is sent as it is.",
    "file_document": (
        "{name}: a document, and nobody looked inside. Documents often hold the names of those who wrote or changed them. It is sent as it is."
    ),
    "file_live": "{name}: sent as it comes; nobody looks inside. Films and sounds often say where, when and with which phone they were taken.",
    "reading": "Reading your files",
    "sending": "Sending",
    "bar": "{what} {bar} {percent} %  {done} of {total}",
    "bar_rate": "  {rate}/s",
    "live_bar": "Sent while it is recorded: {done} in {sent} parts",
    "left_soon": ", less than a minute left",
    "left_minutes": ", about {minutes} min left",
    "left_hours": ", about {hours} h {minutes} min left",
    "files_left": "All of your files have left.",
    "live_begins": (
        "The report has left, and what comes in now follows it. What has left is safe, whatever becomes of this machine. Ctrl-C ends and closes it."
    ),
    "live_held": "The line is slower than what comes in. Nothing is lost: what comes in waits until there is room.",
    "live_ending": "It ends. What is still here leaves, and the rest is closed. Ctrl-C once more ends at once: what has not left then is lost.",
    "live_cut": "Whoever records had not ended when this stopped reading. What was recorded after that is not there.",
    "live_closed": "It has ended, and all that came in is there: {done} in {sent} parts.",
    "wait_live": "The line broke. {sent} parts are there. What comes in waits on this machine, and goes on by itself when the line is back.",
    "continues": "Going on with the report that was begun: {sent} of {total} parts of your files are there.",
    "continues_report": "Going on with the report that was begun.",
    "continues_words": "The words are those that were shown when it was begun.",
    "kept_where": (
        "While it is not done, {path} shows that a report was sent from here, and the sizes and marks of its files. It opens nothing, "
        "and is removed at the end."
    ),
    "lost_live": "What has left can be opened there: {sent} parts. What came after them has not left.",
    "do_blocks": (
        "Running send again would begin a new report. To send the files to this one when the line is back: corncrake-reporter add "
        "--file, with the words."
    ),
    "do_live": "To send more to this report: corncrake-reporter add --file, with the words.",
    "do_continue": "Run the same command again, with the same --continue-file, and it goes on from there; the words are not needed for that.",
    "what_changed": "A file is no longer what it was when it was read first. The report names what it was then, so the rest of it was not sent.",
    "do_changed": "Send that file again, when nothing writes into it any more: corncrake-reporter add --file, with the words.",
    "do_changed_kept": (
        "If you have that file as it was, put it back and run the same command again. If not, remove the file of --continue-file, and send it as "
        "it is now, when nothing writes into it any more: corncrake-reporter add --file, with the words."
    ),
    "do_changed_before": "Run it again, when nothing writes into that file any more.",
    "what_disk": "The file of --continue-file cannot be written.",
    "do_disk": "Choose another place for it, or leave it out.",
}
