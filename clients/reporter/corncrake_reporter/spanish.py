# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the program says, in Spanish.

Rules of this file: those of `messages`.
"""

from typing import Final

SPANISH: Final = {
    "to": "Esto llega a: {desk}",
    "protect": (
        "Lo que escribe se sella en esta máquina. Solo las personas de la mesa pueden abrirlo; el servidor no puede. "
        "Este programa no guarda nada. Su terminal puede guardar la orden que escribió, y esta ventana muestra lo dicho hasta que la cierre."
    ),
    "not_protected": "No está protegido: quien vigile esta máquina o su línea puede ver que estuvo aquí, y sus palabras pueden decir quién es.",
    "skip": "Puede dejar vacía cualquier pregunta (Intro). ? quiere decir: no lo sé.",
    "story_end": "Escriba las líneas que quiera. Termine con una línea que solo tenga un punto.",
    "day_how": "Un día como AAAA-MM-DD. ~2026-01-31 es más o menos ese día; 2026-01-28..2026-01-31 varios días.",
    "one_how": "El número de una.",
    "many_how": "Los números de todas las que valgan, con espacios.",
    "again": "No se pudo leer. Inténtelo otra vez o déjelo vacío.",
    "add_ask": "¿Qué quiere añadir o responder?",
    "who": "{count} personas de esta mesa pueden abrirlo.",
    "who_one": "1 persona de esta mesa puede abrirlo.",
    "who_recovery": (
        "También puede abrirlo una clave de recuperación. Está en papel, en partes, en manos de varias personas: "
        "al menos dos de ellas juntas pueden usarla."
    ),
    "left_out": "Estas personas no pueden abrirlo, porque faltan sus llaves: {names}",
    "confirm": "¿Enviarlo? (sí / no)",
    "yes": "s si sí y yes",
    "stopped": "No se envió nada.",
    "file_removed": "{name}: quitado de la copia que se envía: {tells}.",
    "file_clean": "{name}: una foto; no se encontró nada más que la imagen misma.",
    "file_kept": "{name}: se envía tal como está, y dice: {tells}.",
    "file_kept_clean": "{name}: se envía tal como está.",
    "tell_place": "el lugar donde se tomó",
    "tell_time": "la hora en que se tomó",
    "tell_device": "la marca y el modelo de la cámara o del teléfono",
    "tell_serial": "un número de serie",
    "tell_owner": "el nombre de una persona",
    "tell_software": "los programas que la tocaron",
    "tell_text": "un texto o comentario",
    "tell_thumbnail": "una segunda imagen pequeña",
    "tell_other": "otros datos que no conocemos",
    "tell_trailer": "datos después del final de la imagen",
    "report_left": "El aviso ha salido. El servidor ha firmado que lo tiene, y se comprobó su firma.",
    "wait_report": "Se cortó la línea. No se pierde nada: el aviso sigue aquí. Sigue solo cuando vuelva la línea.",
    "wait_blocks": "Se cortó la línea. No se pierde nada: {sent} de {total} partes están allí. Sigue solo cuando vuelva la línea.",
    "cover_done": "Una visita está hecha.",
    "cover_failed": "Una visita no se hizo ({failure}). No se pierde nada; sigue con la próxima.",
    "cover_ended": "Terminado. Si se empieza otra vez con el mismo calendario, sigue.",
    "stamping": "El servidor está muy ocupado. Este equipo está haciendo un trabajo para que su aviso entre antes. Ctrl-C lo termina.",
    "stamping_more": "Otros hacen lo mismo. Este equipo está haciendo más trabajo por su aviso: puede tardar unos segundos.",
    "busy_report": "El servidor responde, pero ahora no tiene sitio o está demasiado ocupado. Su aviso sigue aquí. {when}",
    "busy": "El servidor responde, pero ahora no tiene sitio o está demasiado ocupado. No se pierde nada: {sent} partes están allí. {when}",
    "busy_soon": "Se intenta otra vez solo. Ctrl-C lo termina.",
    "busy_at": "El servidor pidió esperar, y se intenta otra vez solo a las {time}. Ctrl-C lo termina.",
    "words": "Sus doce palabras:",
    "words_why": "Con estas palabras, y solo con ellas, puede volver, ver que su aviso llegó y leer la respuesta.",
    "words_keep": "Escríbalas en papel o guárdelas en un gestor de contraseñas: no quedan en ningún sitio y nadie puede dárselas otra vez.",
    "promise": "La mesa piensa responder en un plazo de {days} días. Para volver, con las palabras: {again}",
    "receipt_saved": "El recibo está en {path}. Quien lo encuentre ahí puede ver que desde aquí se envió un aviso.",
    "receipt_not_saved": "El recibo no se pudo escribir en {path}. Eso no cambia nada del aviso.",
    "ask_words": "Sus doce palabras, con espacios:",
    "server_has": "El servidor lo tiene.",
    "server_signed": "El servidor lo tiene: lo firmó el {day}.",
    "machine_has": "La máquina de una persona de la mesa lo tiene.",
    "answered": "{reviewer} respondió:",
    "part_missing": "Falta una parte de esta respuesta. Vuelva más tarde.",
    "no_answer": "Todavía no hay respuesta.",
    "none": "Ninguna máquina de la mesa ha respondido todavía a estas palabras.",
    "none_hint": "En las dos primeras semanas es normal. Si fue hace más, revise las palabras: otras palabras se verían igual.",
    "not_yours": "Si estas no son sus palabras, la mesa verá lo que añada como un aviso nuevo.",
    "stale": "No se ha visto a nadie de la mesa desde el {day}.",
    "emergency": (
        "Esta organización cambió quién lee los avisos, y quienes los leían hasta ahora no han estado de acuerdo. Puede haber una razón "
        "honrada, como máquinas perdidas. También puede ser que alguien se haya apoderado de esto. Si puede esperar, pregunte antes a la "
        "organización por otro camino, no por esta dirección. Esto se dice hasta el {day}."
    ),
    "unseen": "A una de las personas que responden aquí, {name}, no se la ha visto desde el {day}.",
    "unseen_never": "A una de las personas que responden aquí, {name}, todavía no se la ha visto.",
    "unseen_hint": (
        "Puede que no esté. También puede ser que alguien le oculte sus noticias, para que usted no sepa quién lee aquí ahora. Puede enviar "
        "de todos modos. Si puede esperar, vuelva a mirar en unos días, o pregunte a la organización por otro camino."
    ),
    "never": "Todavía no se ha visto a nadie de la mesa.",
    "missing": "{count} partes de sus archivos no han llegado allí. Puede enviar esos archivos otra vez con: corncrake-reporter add --file",
    "included": "El registro público incluye el aviso de este recibo, como prometió el servidor.",
    "not-yet-published": "El registro público todavía no lo incluye: lo hará la próxima publicación.",
    "former-log": "Su recibo es de un registro que la organización sustituyó por otro, y su aviso no está en este: quizá el servidor se recuperó"
    " de una copia anterior. Si nadie le ha respondido y ninguna máquina de la mesa lo tiene, envíelo otra vez.",
    "fault": "El registro público ya debería incluir su aviso, y no lo incluye. Su recibo lo prueba. Muéstrelo a la organización por otro camino.",
    "lost_nothing_sent": "No se envió nada y nada cambió en esta máquina.",
    "lost_not_sent": "No se envió nada. El archivo de --continue-file se borró otra vez.",
    "lost_kept": "Esta vez no se envió nada. El archivo de --continue-file sigue ahí, y no se pierde nada de lo que había salido.",
    "words_void": "Las doce palabras que se mostraron no llevan a nada: táchelas.",
    "lost_nothing": "No se pierde nada.",
    "lost_unknown": "No se sabe si el servidor tiene el aviso. Guarde las palabras por si lo tiene; lo que escribió no se guarda aquí.",
    "lost_unknown_add": "No se sabe si el servidor lo tiene; lo que escribió no se guarda aquí.",
    "lost_blocks": "El aviso está allí y firmado. {sent} de {total} partes de sus archivos están allí.",
    "what_line": "No se pudo llegar al servidor, o se cortó la línea.",
    "do_line": "Mire si tiene conexión y hágalo otra vez.",
    "what_busy": "El servidor no tiene sitio o está demasiado ocupado ahora.",
    "do_busy": "Hágalo otra vez más tarde.",
    "what_old": "El aviso se empezó hace demasiado tiempo: un aviso se puede enviar en su semana y un día después.",
    "do_old": "Haga la misma orden otra vez, y se escribe de nuevo, con palabras nuevas. El archivo de --continue-file se borró.",
    "what_unreadable": "Un archivo ya no se puede leer. ¿Se sacó la memoria o el disco?",
    "do_unreadable": "Cuando se pueda leer otra vez, envíelo con: corncrake-reporter add --file, con las palabras.",
    "do_unreadable_kept": "Cuando se pueda leer otra vez, haga la misma orden, y sigue desde ahí; para eso no hacen falta las palabras.",
    "do_unreadable_before": "Hágalo otra vez cuando se pueda leer.",
    "do_same": (
        "Nombre los mismos archivos como estaban, con --keep si lo dijo entonces, y el mismo --continue-file. Si un archivo ya no está como "
        "estaba, borre el archivo de --continue-file y envíe lo que falta con: corncrake-reporter add --file, con las palabras."
    ),
    "what_trust": "El servidor mostró papeles que no encajan.",
    "do_trust": "Mire --server y --root. Si son como se los dieron, no siga: pregunte a la organización por otro camino.",
    "what_expired": "Los papeles de la mesa han vencido, o la fecha de esta máquina está mal.",
    "do_expired": "Mire la fecha de esta máquina. Si es correcta, la mesa no puede recibir nada hasta que la organización renueve sus papeles.",
    "what_clock": "La fecha de esta máquina y la del servidor están demasiado lejos.",
    "do_clock": "Corrija la fecha de esta máquina y vuelva a ejecutarlo. Si es correcta, vuelva más tarde o use otro camino.",
    "what_few": "Demasiado pocas personas de esta mesa podrían abrirlo ahora.",
    "do_few": "Mire la fecha de esta máquina. Si es correcta, vuelva más tarde o use otro camino.",
    "what_desk": "Aquí no hay esa mesa.",
    "do_desk": "Mire --desk.",
    "what_word": "La palabra número {numbers} no es una de las palabras.",
    "what_count": "Aquí hay {count} palabras; hacen falta doce.",
    "what_checksum": "Todas son palabras de la lista, pero una está mal o dos están cambiadas.",
    "do_word": "Mire su nota.",
    "what_size": "Es más de lo que cabe en un aviso, o en un archivo.",
    "do_size": "Acórtelo, o envíe el resto en un segundo mensaje.",
    "what_picture": "De una foto no se puede quitar lo que dice de usted.",
    "do_picture": "No la envíe, o envíela sin tocar con --keep.",
    "what_receipt": "Esto no es un recibo de este servidor y esta mesa.",
    "do_receipt": "Mire --receipt; sin eso se muestran igual las respuestas.",
    "what_withheld": "El servidor calla algo que debe mostrar.",
    "do_withheld": "Inténtelo más tarde. Si sigue así, avise a la organización por otro camino.",
    "what_refused": "El servidor no lo aceptó.",
    "do_refused": "Inténtelo más tarde. Si sigue así, use otro camino.",
    "what_usage": "Así no se puede hacer.",
    "do_usage": "Vea corncrake-reporter --help.",
    "what_ended": "Usted lo terminó.",
    "do_ended": "Hágalo otra vez cuando quiera.",
    "file_unknown": "{name}: no podemos mirar dentro de este tipo de archivo. Se envía tal como está, con todo lo que pueda decir de usted.",
    "file_picture": (
        "{name}: una foto de un tipo en el que este programa no mira. Estas fotos suelen decir dónde, cuándo y con qué teléfono se "
        "tomaron. Se envía tal como está."
    ),
    "file_film": (
        "{name}: un vídeo, y nadie miró dentro. Los vídeos suelen decir dónde, cuándo y con qué teléfono se tomaron. Se envía tal "
        "como está. La página de {page} puede quitar eso de muchos vídeos."
    ),
    "file_sound": "{name}: un sonido, y nadie miró dentro. Los sonidos suelen decir cuándo y con qué teléfono se tomaron. Se envía tal como está.",
    "file_document": (
        "{name}: un documento, y nadie miró dentro. Los documentos suelen llevar los nombres de quienes los escribieron o cambiaron. "
        "Se envía tal como está."
    ),
    "file_live": (
        "{name}: se envía tal como llega; nadie mira dentro. Los vídeos y sonidos suelen decir dónde, cuándo y con qué teléfono se tomaron."
    ),
    "reading": "Leyendo sus archivos",
    "sending": "Enviando",
    "bar": "{what} {bar} {percent} %  {done} de {total}",
    "bar_rate": "  {rate}/s",
    "live_bar": "Enviado mientras se graba: {done} en {sent} partes",
    "left_soon": ", queda menos de un minuto",
    "left_minutes": ", quedan unos {minutes} min",
    "left_hours": ", quedan unas {hours} h {minutes} min",
    "files_left": "Han salido todos sus archivos.",
    "live_begins": (
        "El aviso ha salido, y lo que entra ahora lo sigue. Lo que ha salido está a salvo, pase lo que pase con esta máquina. Ctrl-C "
        "lo termina y lo cierra."
    ),
    "live_held": "La línea es más lenta que lo que entra. No se pierde nada: lo que entra espera hasta que haya sitio.",
    "live_ending": "Termina. Lo que sigue aquí sale, y se cierra. Ctrl-C otra vez lo termina al momento: lo que no haya salido se pierde.",
    "live_cut": "Quien graba no había terminado cuando esto dejó de leer. Lo que se grabó después no está allí.",
    "live_closed": "Ha terminado, y todo lo que entró está allí: {done} en {sent} partes.",
    "wait_live": "Se cortó la línea. {sent} partes están allí. Lo que entra espera en esta máquina, y sigue solo cuando vuelva la línea.",
    "continues": "Se sigue con el aviso empezado: {sent} de {total} partes de sus archivos están allí.",
    "continues_report": "Se sigue con el aviso empezado.",
    "continues_words": "Las palabras son las que se mostraron cuando se empezó.",
    "kept_where": (
        "Mientras no termine, {path} muestra que desde aquí se envió un aviso, y los tamaños y marcas de sus archivos. No abre nada, "
        "y se borra al final."
    ),
    "lost_live": "Lo que ha salido se puede abrir allí: {sent} partes. Lo que vino después no ha salido.",
    "do_blocks": (
        "Hacer send otra vez empezaría un aviso nuevo. Para enviar los archivos a este cuando vuelva la línea: corncrake-reporter add "
        "--file, con las palabras."
    ),
    "do_live": "Para enviar más a este aviso: corncrake-reporter add --file, con las palabras.",
    "do_continue": "Haga la misma orden otra vez, con el mismo --continue-file, y sigue desde ahí; para eso no hacen falta las palabras.",
    "what_changed": "Un archivo ya no es lo que era cuando se leyó primero. El aviso nombra lo que era entonces, así que el resto no se envió.",
    "do_changed": "Envíe ese archivo otra vez, cuando nada escriba ya en él: corncrake-reporter add --file, con las palabras.",
    "do_changed_kept": (
        "Si tiene ese archivo como estaba, póngalo en su sitio y haga la misma orden otra vez. Si no, borre el archivo de --continue-file y "
        "envíelo como está ahora, cuando nada escriba ya en él: corncrake-reporter add --file, con las palabras."
    ),
    "do_changed_before": "Hágalo otra vez, cuando nada escriba ya en ese archivo.",
    "what_disk": "El archivo de --continue-file no se puede escribir.",
    "do_disk": "Elija otro sitio para él, o no lo pida.",
}
